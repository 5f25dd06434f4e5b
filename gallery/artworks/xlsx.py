"""openpyxl without Pillow.

openpyxl imports Pillow, if Pillow is installed, to open the pictures in a workbook. Only the sandbox may open
pictures, so Pillow is hidden from openpyxl, which then ignores pictures.
"""

import sys

_pillow = sys.modules.get("PIL")
sys.modules["PIL"] = None  # type: ignore[assignment]  # makes `import PIL` raise ImportError
try:
    import openpyxl
    from openpyxl.styles import Alignment, Font
finally:
    if _pillow is None:
        del sys.modules["PIL"]
    else:
        sys.modules["PIL"] = _pillow

__all__ = ["Alignment", "Font", "openpyxl"]
