"""Give memory back that was needed for a moment only."""

import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["give_back_compiler", "give_back_freed", "keep_little"]

_DONTNEED = 4  # MADV_DONTNEED on Linux
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of GNU's C library
_KEPT = 1 << 20  # bytes


def keep_little() -> None:
    """Have this process give back what it frees: GNU's C library would keep up to 64 MB of it for later.

    It is for a command, which owns its process, to say. Under other systems and libraries nothing is done.
    """
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_TRIM_THRESHOLD, _KEPT)
            library.mallopt(_MMAP_THRESHOLD, _KEPT)


def give_back_freed() -> None:
    """Give back what was freed, where GNU's C library keeps it for later."""
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def give_back_compiler() -> None:
    """Give back the memory of the compiler's program, some 60 MB, once compiled code was loaded.

    Loading compiled code from the cache goes through all of LLVM, and running it through none. Its pages are those of
    the file, unchanged: should they be needed again, the system reads them again. On other systems nothing is done.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, ValueError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            place, rights, *rest = line.split(maxsplit=5)
            # Program text alone is as it is in the file; what the loader wrote to is elsewhere.
            if rights == "r-xp" and "llvmlite" in rest[-1]:
                start, _, end = place.partition("-")
                advise(int(start, 16), int(end, 16) - int(start, 16), _DONTNEED)
