// Whoever writes `GenericSPSCRing<Int, NativeMemory>.Producer` needs no second import.
@_exported public import MemoryAccess
