// Runs queries over traces in Perfetto's trace processor, compiled to WebAssembly, in one process.
//
//   node perfetto-sql.js FOLDER MANIFEST      where FOLDER holds engine_bundle.js and trace_processor.wasm
//
// The manifest is JSON: {"files": [path, ...], "queries": {name: SQL, ...}}. For each file one line of JSON comes out:
// {"file": path, "errors": [text, ...], "results": {name: [[cell, ...], ...]}}. A cell is null, a text, a whole number in full, or
// {"real": bits of a double in hexadecimal}.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

// Messages of protobuf, as far as the interface of the trace processor needs them.
class Writer {
  constructor() { this.parts = []; }
  varint(value) {
    const bytes = [];
    for (let rest = BigInt(value); ; rest >>= 7n) {
      if (rest < 128n) { bytes.push(Number(rest)); break; }
      bytes.push(Number(rest & 127n) | 128);
    }
    this.parts.push(Buffer.from(bytes));
    return this;
  }
  number(field, value) { return this.varint(field * 8).varint(value); }
  bytes(field, content) {
    this.varint(field * 8 + 2).varint(content.length);
    this.parts.push(content);
    return this;
  }
  text(field, content) { return this.bytes(field, Buffer.from(content, 'utf8')); }
  done() { return Buffer.concat(this.parts); }
}

function* varints(bytes) {
  let value = 0n, shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) { yield value; value = 0n; shift = 0n; }
  }
}

function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n, shift = 0n, byte;
    do { byte = bytes[at++]; value |= BigInt(byte & 127) << shift; shift += 7n; } while (byte >= 128);
    return value;
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    switch (tag & 7) {
      case 0: yield [field, varint()]; break;
      case 1: yield [field, bytes.subarray(at, at += 8)]; break;
      case 2: { const count = Number(varint()); yield [field, bytes.subarray(at, at += count)]; break; }
      case 5: yield [field, bytes.subarray(at, at += 4)]; break;
      default: throw new Error(`wire type ${tag & 7}`);
    }
  }
}

// Fields and methods of TraceProcessorRpc.
const Rpc = {
  message: 1, sequence: 1, request: 2, fatal: 5, data: 101, query: 103, appended: 201, rows: 203, finalized: 211,
  append: 1, finalize: 2, ask: 3, reset: 11,
};

class TraceProcessor {
  constructor(folder) {
    this.sequence = 0;
    this.pending = Buffer.alloc(0);
    this.replies = [];
    this.port = { postMessage: (chunk) => this.receive(Buffer.from(chunk)) };
    const read = (url) => fs.readFileSync(path.join(folder, path.basename(String(url))));
    const quiet = () => {};
    const scope = {
      console: { log: quiet, info: quiet, debug: quiet, warn: quiet, error: quiet },
      location: { href: `file://${folder}/engine_bundle.js` },
      // The bundle reads its module either way, by the version. Nothing is fetched but files of the folder.
      fetch: async (url) => new Response(read(url), { headers: { 'content-type': 'application/wasm' } }),
      XMLHttpRequest: class {
        open(method, url) { this.url = url; }
        send() { this.status = 200; this.response = Uint8Array.from(read(this.url)).buffer; }
      },
      addEventListener: quiet, removeEventListener: quiet, importScripts: quiet,
    };
    for (const name of ['WebAssembly', 'TextDecoder', 'TextEncoder', 'URL', 'Response', 'performance', 'crypto',
      'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'queueMicrotask', 'Uint8Array', 'TypeError']) {
      scope[name] = globalThis[name];
    }
    scope.self = scope;
    scope.WorkerGlobalScope = function () {};
    vm.createContext(scope);
    vm.runInContext(read('engine_bundle.js').toString(), scope, { filename: 'engine_bundle.js' });
    scope.self.onmessage({ data: this.port });
  }

  // The module compiles on its own time, and drops what comes before.
  async ready() {
    for (let attempt = 0; attempt < 600; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      try { if (this.call(Rpc.reset).length > 0) return; } catch (error) { if (error.isFatal) throw error; }
    }
    throw new Error('the trace processor does not answer');
  }

  receive(chunk) {
    this.pending = this.pending.length ? Buffer.concat([this.pending, chunk]) : chunk;
    for (;;) {
      let at = 1, length = 0, scale = 1, byte;
      do {
        if (at >= this.pending.length) return;
        byte = this.pending[at++];
        length += (byte & 127) * scale;
        scale *= 128;
      } while (byte >= 128);
      if (this.pending.length < at + length) return;
      this.replies.push(this.pending.subarray(at, at + length));
      this.pending = this.pending.subarray(at + length);
    }
  }

  // Answers come before the call returns.
  call(method, fill = () => {}) {
    const request = new Writer().number(Rpc.sequence, ++this.sequence).number(Rpc.request, method);
    fill(request);
    this.replies = [];
    this.port.onmessage({ data: new Uint8Array(new Writer().bytes(Rpc.message, request.done()).done()) });
    for (const reply of this.replies) {
      for (const [field, content] of fields(reply)) {
        if (field === Rpc.fatal) throw Object.assign(new Error(content.toString()), { isFatal: true });
      }
    }
    return this.replies;
  }

  load(file) {
    const errors = [];
    const note = (replies, wanted) => {
      for (const reply of replies) {
        for (const [field, content] of fields(reply)) {
          if (field !== wanted) continue;
          for (const [part, text] of fields(content)) if (part === 2 && Buffer.isBuffer(text)) errors.push(text.toString());
        }
      }
    };
    this.call(Rpc.reset);
    const bytes = fs.readFileSync(file);
    const step = 1 << 20;
    for (let at = 0; at < bytes.length; at += step) {
      note(this.call(Rpc.append, (to) => to.bytes(Rpc.data, bytes.subarray(at, at + step))), Rpc.appended);
    }
    note(this.call(Rpc.finalize), Rpc.finalized);
    return errors;
  }

  query(sql, errors) {
    const rows = [];
    let columns = 0, row = [];
    const replies = this.call(Rpc.ask, (to) => to.bytes(Rpc.query, new Writer().text(1, sql).done()));
    for (const reply of replies) {
      for (const [field, content] of fields(reply)) {
        if (field !== Rpc.rows) continue;
        for (const [part, value] of fields(content)) {
          if (part === 1) columns++;
          else if (part === 2) errors.push(`${sql}: ${value}`);
          else if (part === 3) {
            for (const cell of cells(value)) {
              row.push(cell);
              if (row.length === columns) { rows.push(row); row = []; }
            }
          }
        }
      }
    }
    return rows;
  }
}

// A batch of cells holds their kinds in one column, and the values of each kind in another.
function* cells(batch) {
  const part = { 1: Buffer.alloc(0), 2: Buffer.alloc(0), 3: Buffer.alloc(0), 5: Buffer.alloc(0) };
  for (const [field, value] of fields(batch)) if (field in part) part[field] = value;
  const numbers = varints(part[2]);
  const texts = part[5].toString('utf8').split('\0');
  let text = 0, double = 0;
  for (const kind of part[1]) {
    switch (kind) {
      case 1: yield null; break;
      case 2: yield BigInt.asIntN(64, numbers.next().value); break;
      case 3: yield { real: part[3].readBigUInt64LE(8 * double++).toString(16) }; break;
      case 4: yield texts[text++]; break;
      default: throw new Error(`cell of kind ${kind}`);
    }
  }
}

function json(value) {
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (typeof value === 'bigint') return value.toString();
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

async function main([folder, manifestPath]) {
  const manifest = JSON.parse(fs.readFileSync(manifestPath, 'utf8'));
  const processor = new TraceProcessor(path.resolve(folder));
  await processor.ready();
  for (const file of manifest.files) {
    const errors = processor.load(file);
    const results = {};
    for (const [name, sql] of Object.entries(manifest.queries)) results[name] = processor.query(sql, errors);
    // A file, and not a pipe that a slow reader fills: each line is out before the next file is read.
    fs.writeSync(1, json({ file, errors, results }) + '\n');
  }
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(String(error.stack ?? error).slice(-1000)); process.exit(1); });
