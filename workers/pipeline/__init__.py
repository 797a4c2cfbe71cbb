"""The captioning pipeline in pure PyTorch: bytes of a photo in, scored captions out.

Knows nothing of Django.
"""

import os

# OpenMP reads this when torch is loaded, so it stands before any import of torch. By default its
# threads spin while they wait for one another. On two cores with one of them busy elsewhere (a
# web process is enough), a batch of eight took 7.8 s that way and 0.37 s with waiting threads
# asleep; on an idle machine there is no difference.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
