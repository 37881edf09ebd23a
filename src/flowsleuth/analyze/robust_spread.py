"""How far values usually are from their middle, whatever a few of them are; and how far is too far.

The spread is the median absolute deviation times 1.4826, which makes it a standard deviation for normal values, or,
where more than half of the values are the same, the mean absolute deviation times 1.2533 (IBM SPSS's addition). What is
beyond a modified z-score of 3.5 is an outlier: B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers" (ASQC
1993), section 3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

FAR = 3.5
"""Modified z-score of an outlier."""
OF_MAD, OF_MEAN = 1.4826, 1.2533


def spread_of(off: Numbers) -> float:
    """A standard deviation made of absolute deviations from the median; 0 where all are 0.

    Parameters
    ----------
    off : array of float64
        At least one.

    Examples
    --------
    >>> import numpy as np
    >>> spread_of(np.array([0.0, 1.0, 1.0])), round(spread_of(np.array([0.0, 0.0, 3.0])), 4)
    (1.4826, 1.2533)
    """
    import numpy as np

    return OF_MAD * float(np.median(off)) or OF_MEAN * float(np.mean(off))
