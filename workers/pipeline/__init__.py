"""The captioning pipeline in pure PyTorch: bytes of a photo in, scored captions out.

Knows nothing of Django.
"""

import os

# OpenMP reads this when torch is loaded, so it stands before any import of torch. By default its
# threads spin while they wait for one another. Measured on two cores, batches of eight photos: idle
# machine 0.26 s spinning, 0.35 s asleep; beside one other busy process 3.5 to 8 s spinning, 0.4 s
# asleep. A worker shares its cores with the web process and the database, so they sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
