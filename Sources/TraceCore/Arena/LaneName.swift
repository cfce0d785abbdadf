internal import CPlatform
internal import MemoryAccess

/// The name of the thread that holds a lane, as it was when the lane was taken: its first 16 bytes, in two words of the lane. A
/// lane may be taken in a signal handler, which allocates nothing.
///
/// Relaxed: whoever asks for the name of the thread that a page or span names has seen an event behind the name's store. If that
/// thread has ended since, its name was noted first (``ThreadNames``), and counts.
struct LaneName {
    let words: (UInt64, UInt64)

    /// Of the calling thread; allocates nothing.
    static var ofCallingThread: LaneName {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { bytes in
            let text = bytes.bindMemory(to: CChar.self)
            _ = cplatform_thread_name(cplatform_thread_id(), text.baseAddress!, text.count)
        }
        return LaneName(words: words)
    }

    /// Empty where the thread has none.
    var text: String {
        withUnsafeBytes(of: words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension Lane {
    /// Who holds the lane writes.
    var name: LaneName {
        get { LaneName(words: (Memory.loadRelaxed(word(368)), Memory.loadRelaxed(word(376)))) }
        nonmutating set {
            Memory.storeRelaxed(newValue.words.0, to: word(368))
            Memory.storeRelaxed(newValue.words.1, to: word(376))
        }
    }
}
