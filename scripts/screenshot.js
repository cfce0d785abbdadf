// Draws a trace in Perfetto's own user interface and saves what it looks like: for scripts/screenshot.
//
// usage: node screenshot.js CHROMIUM UI_FOLDER TRACE PICTURE.png
//
// The interface is served from UI_FOLDER on loopback, beside the trace; the browser is driven through a pair of pipes (the
// DevTools protocol, messages that end in a zero byte), and the picture is taken once the trace has been loaded and drawn.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const [chromium, folder, trace, picture] = process.argv.slice(2);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const file = name === "/trace" ? trace : path.join(folder, name === "/" ? "index.html" : path.normalize(name));
    fs.readFile(file, (error, bytes) => {
        response.writeHead(error ? 404 : 200, { "content-type": types[path.extname(file)] ?? "application/octet-stream" });
        response.end(error ? "" : bytes);
    });
});

function browse(port) {
    const profile = fs.mkdtempSync(path.join(require("node:os").tmpdir(), "screenshot-"));
    const browser = spawn(chromium, [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1500,900",
        "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank",
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let last = 0, rest = "";
    const waiting = new Map();
    browser.stdio[4].on("data", (data) => {
        const messages = (rest + data).split("\0");
        rest = messages.pop();
        for (const message of messages.map((text) => JSON.parse(text))) {
            waiting.get(message.id)?.(message);
            waiting.delete(message.id);
        }
    });
    const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, (m) => (m.error ? reject(new Error(`${method}: ${m.error.message}`)) : resolve(m.result)));
        browser.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId }) + "\0");
    });
    const close = () => { browser.kill(); browser.on("exit", () => fs.rmSync(profile, { recursive: true, force: true })); };
    return { send, close };
}

async function main(port) {
    const { send, close } = browse(port);
    const here = `http://127.0.0.1:${port}`;
    const { targetId } = await send("Target.createTarget", { url: `${here}/#!/?url=${here}/trace` });
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
    const ask = async (expression) =>
        (await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true }, sessionId)).result.value;
    const until = async (expression) => {
        for (let round = 0; round < 600; round++) {
            if (await ask(expression)) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`the interface never came to: ${expression}`);
    };
    await until("document.querySelectorAll('.pf-track').length > 0");
    // All groups of tracks open, the side bar away.
    await ask(`(async () => {
        const trace = self.app?.trace;
        if (trace) for (const node of trace.workspace.flatTracks ?? []) node.expand?.();
        document.querySelector('.pf-sidebar__button, .sidebar-button, .pf-sidebar button')?.click();
    })()`);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const { data } = await send("Page.captureScreenshot", { format: "png" }, sessionId);
    fs.writeFileSync(picture, Buffer.from(data, "base64"));
    close();
}

server.listen(0, "127.0.0.1", async () => {
    let status = 0;
    try { await main(server.address().port); } catch (error) { console.error(String(error)); status = 1; }
    server.close();
    process.exit(status);
});
