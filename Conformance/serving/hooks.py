"""Schemathesis draws any bytes for a picture; where the description says JPEG or PNG, it is to send real ones."""
import io
import os
import pathlib

import schemathesis
from hypothesis import strategies as st
from PIL import Image

folder = pathlib.Path(os.environ["PICTURES"])
jpegs = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
pngs = [path.read_bytes() for path in sorted(folder.glob("*.png"))]
schemathesis.openapi.media_type("image/jpeg", st.sampled_from(jpegs))
schemathesis.openapi.media_type("image/png", st.sampled_from(pngs))
schemathesis.openapi.media_type("application/x-image", st.sampled_from(jpegs + pngs))
