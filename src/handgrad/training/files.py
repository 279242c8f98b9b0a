"""Reading the bytes of data files, with one clear error for each way in which that fails."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path as FilePath

from handgrad.training.examples import fail

_GZIP = b"\x1f\x8b"


def contents(file: FilePath, shown: str) -> bytes:
    """The bytes of a file, unpacked where it is a gzip file. Raises InputError."""
    try:
        data = file.read_bytes()
        if data.startswith(_GZIP):
            return gzip.decompress(data)
    except FileNotFoundError:
        fail("cannot be read: there is no such file", shown)
    except IsADirectoryError:
        fail("cannot be read: it is a folder", shown)
    except EOFError:
        fail("cannot be read: the gzip file is cut short", shown)
    except (gzip.BadGzipFile, zlib.error):
        fail("cannot be read: the gzip file is damaged", shown)
    except (OSError, ValueError) as error:
        fail(f"cannot be read: {getattr(error, 'strerror', None) or error}", shown)
    return data


def text(file: FilePath, shown: str) -> str:
    """The text of a file in UTF-8, each line ended by a newline character alone. Raises InputError."""
    data = contents(file, shown)
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fail(f"expected text in UTF-8, found the byte 0x{data[error.start]:02x}", shown, line)
    if "\0" in found:
        fail("expected text in UTF-8, found a NUL byte", shown, found.count("\n", 0, found.index("\0")) + 1)
    return found.replace("\r\n", "\n").replace("\r", "\n") if "\r" in found else found
