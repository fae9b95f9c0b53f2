#!/usr/bin/env python3
"""Makes the inputs that fuzzing begins with: `seeds.py FOLDER` writes FOLDER/<target>/<name>. Small files of each format, built here or
taken from Tests/Fixtures, with the choices of Program/Readers behind them (see FuzzInput.swift: choices are read from the end)."""
import gzip, json, pathlib, struct, sys, zlib

out = pathlib.Path(sys.argv[1])
fixtures = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
JPEG = bytes([0xFF, 0xD8, 0xFF, 0xE0]) + b"jpeg"
MAGIC = struct.pack("<I", 0xCED7230A)


def put(target, name, data):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def second(piece):
    """A second file, as FuzzInput.piece() takes it."""
    piece = piece if isinstance(piece, bytes) else piece.encode()
    return piece + struct.pack("<H", len(piece))


# RecordIO ------------------------------------------------------------------------------------------------------------------------------
def part(flag, data):
    return MAGIC + struct.pack("<I", flag << 29 | len(data)) + data + bytes(-len(data) % 4)


def record(data):
    """A record, split where it holds the magic number at a multiple of 4, as dmlc-core splits."""
    cuts, start = [], 0
    for at in range(0, len(data) - 3, 4):
        if data[at:at + 4] == MAGIC:
            cuts.append(data[start:at])
            start = at + 4
    cuts.append(data[start:])
    if len(cuts) == 1:
        return part(0, data)
    return b"".join(part(1 if i == 0 else 3 if i == len(cuts) - 1 else 2, cut) for i, cut in enumerate(cuts))


def image(number, labels, content=JPEG):
    if isinstance(labels, (int, float)):
        return struct.pack("<IfQQ", 0, labels, number, 0) + content
    return struct.pack("<IfQQ", len(labels), 0, number, 0) + struct.pack(f"<{len(labels)}f", *labels) + content


def whole(payloads):
    records = [record(p) for p in payloads]
    offsets = [sum(map(len, records[:i])) for i in range(len(records))]
    return b"".join(records), "".join(f"{i}\t{o}\n" for i, o in enumerate(offsets))


single = [image(i, i % 3) for i in range(3)]
multi = [image(i, [0, 1, 0, 1]) for i in range(2)]
boxes = [image(0, [2, 5, 0, 0.1, 0.2, 0.5, 0.6]), image(1, [4, 6, 0, 0, 1, 0.1, 0.2, 0.5, 0.6, 1, -1, -1, -1, -1, -1, -1]), image(2, [2, 5])]
split = [image(0, 1, MAGIC + JPEG + MAGIC), image(1, [0, 1], bytes(4) + MAGIC)]
for name, payloads, task in [("single", single, 0), ("multi", multi, 0), ("boxes", boxes, 1), ("split", split, 0)]:
    rec, idx = whole(payloads)
    names = "".join(f"{i}\t1.000000\tphoto {i}.jpg\n" for i in range(len(payloads)))
    for width in range(3):
        put("recordio", f"{name}-{width}", rec + bytes([width, task]))
    put("recordio", f"{name}-cut", rec[:-6] + bytes([0, task]))
    put("recordio-images", f"{name}-bare", rec + bytes([0, 0, task]))
    put("recordio-images", f"{name}-idx", rec + second(idx) + bytes([1, 0, task]))
    put("recordio-images", f"{name}-lst", rec + second(names) + bytes([2, 0, task]))
    put("recordio-images", f"{name}-both", rec + second(names) + second(idx) + bytes([3, 0, task]))
    put("idx-text", name, idx.encode() + bytes([len(rec) & 255, len(rec) >> 8 & 255, len(rec) >> 16]))
put("idx-text", "unordered", b"5\t44\na b\t0\r\n7\t88\n" + bytes([200, 0, 0]))

# Pictures --------------------------------------------------------------------------------------------------------------------------------
ways = [bytes([0, 0, 0, 250, 250, 10, 10]), bytes([2, 1, 0, 120, 120, 60, 60]), bytes([1, 0, 1, 255, 100, 0, 90]), bytes([3, 1, 1, 60, 200, 128, 0])]
# FuzzInput takes region (4), layout, tolerance, size: written backwards.
for kind, pattern in [("jpeg", "*.jpg"), ("png", "*.png")]:
    for number, path in enumerate(sorted((fixtures / "images").glob(pattern))):
        data = path.read_bytes()
        put(kind, f"{path.stem}", data + ways[number % 4])
        if kind == "png" and len(data) < 1500:
            put("mask", path.stem, data)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, extra=b"", interlace=0):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) + extra
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


palette = chunk(b"PLTE", bytes(range(24)))
put("mask", "grey-4x2", png(4, 2, 8, 0, b"\0\0\1\2\3\0\4\5\6\xff"))
put("mask", "palette-4x2", png(4, 2, 4, 3, b"\0\x01\x23\0\x45\x67", palette))
put("mask", "grey-alpha", png(2, 1, 8, 4, b"\0\1\xff\2\x80"))
put("mask", "many-pixels", png(50000, 40000, 8, 0, b"\0" * 64))
for number, colour, depth, row in [(0, 0, 8, 4), (1, 2, 8, 12), (2, 3, 8, 4), (3, 4, 8, 8), (4, 6, 8, 16), (5, 0, 16, 8), (6, 0, 1, 1)]:
    rows = b"".join(b"\0" + bytes((i * 7 + y) % 8 for i in range(row)) for y in range(3))
    put("png", f"tiny-{colour}-{depth}", png(4, 3, depth, colour, rows, palette if colour == 3 else b"") + ways[number % 4])
put("png", "interlaced", png(1, 1, 8, 0, b"\0\5", interlace=1) + ways[0])
put("png", "many-pixels", png(50000, 40000, 8, 2, b"\0" * 64) + ways[0])
tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
put("png", "exif", png(4, 1, 8, 0, b"\0\1\2\3\4", chunk(b"eXIf", tiff)) + ways[0])

# Manifests -------------------------------------------------------------------------------------------------------------------------------
metadata = {"class-name": "cat", "confidence": 0.9, "type": "groundtruth/image-classification", "class-map": {"0": "cat", "1": "d\u00f6g"}}
colours = {"internal-color-map": {"0": {"class-name": "road", "hex-color": "#2acf59"}, "1": {"class-name": "sky", "hex-color": "#000000"}}}
detected = {"image_size": [{"width": 500, "height": 400, "depth": 3}],
            "annotations": [{"class_id": 0, "left": 111, "top": 134.5, "width": 61, "height": 128}, {"class_id": 5, "left": -1, "top": 1e2, "width": 1, "height": 0}]}
lines = {
    "class": ([{"source-ref": "a/1.jpg", "label": 3, "label-metadata": metadata}, {"source-ref": "s3://b/k.jpg", "label": "2"}], 0),
    "multi-hot": ([{"source-ref": "file:///a.jpg", "label": [0, 1, 0, 1, 0, 0]}, {"source-ref": "/a.jpg", "label": "[1, 0, 1, 0, 0, 0]"}], 0),
    "ids": ([{"source-ref": "a.jpg", "label": [0, 5, 3], "label-metadata": metadata}], 0),
    "boxes": ([{"source-ref": "a.jpg", "label": detected, "label-metadata": metadata}, {"source-ref": "a.jpg", "label": json.dumps(detected)}], 1),
    "mask": ([{"source-ref": "a.jpg", "label-ref": "m.png", "label-ref-metadata": colours}, {"label-ref": "", "source-ref": "b.jpg"}], 2),
}
for name, (objects, task) in lines.items():
    text = "".join(json.dumps(o) + "\n" for o in objects).encode()
    for way in {"class": [0, 1, 4], "multi-hot": [0, 4], "ids": [2, 7], "boxes": [0, 5], "mask": [0, 1, 9]}[name]:
        put("manifest", f"{name}-{way}", text + bytes([way, task]))
    put("manifest", f"{name}-broken", b"\xef\xbb\xbf\r\n" + text[:40] + b"\n \n" + text.replace(b"\n", b"\r\n") + bytes([0, task]))
    for task in range(4):
        put("manifest-inferred", f"{name}-{task}", text + bytes([task]))
    mask = png(4, 2, 8, 0, b"\0\0\1\2\3\0\4\5\6\xff")
    painted = png(2, 1, 8, 2, b"\0\x2a\xcf\x59\0\0\0")
    task = lines[name][1]
    values = []
    for o in objects:
        label = (painted if o.get("label-ref-metadata") else mask) if task == 2 else json.dumps(o["label"]).encode()
        values.append((JPEG, label, json.dumps(o.get("label-metadata", o.get("label-ref-metadata", colours))).encode()))
    put("wrapped-records", f"{name}-2", b"".join(record(v) for three in values for v in three[:2]) + bytes([0, task]))
    put("wrapped-records", f"{name}-3", b"".join(record(v) for three in values for v in three) + bytes([1, task]))
    put("wrapped-records", f"{name}-colours", b"".join(record(v) for three in values for v in three) + bytes([9, task]))
    put("wrapped-records", f"{name}-joined", b"".join(part(1, i) + part(3, l) for i, l, _ in values) + bytes([2, task]))
for escape in ['"\\ud83d\\ude00\\u00e9\\n\\/"', '"\\ud83d"', "-0.5e-3", "123456789012345678901234567890", "1e400", "[[[[[[[[]]]]]]]]", "true", "null"]:
    put("manifest", f"value-{abs(zlib.crc32(escape.encode()))}", b'{"source-ref":"a.jpg","label":' + escape.encode() + b"}\n" + bytes([0, 0]))
put("manifest-file", "s3", json.dumps([{"prefix": "s3://bucket/a/"}, "1.jpg", "2.jpg", ".hidden", "2.jpg"]))
put("manifest-file", "path", json.dumps([{"prefix": "a/"}, "1.jpg", "missing.jpg", "\u00e4"]))
put("manifest-file", "begins", json.dumps([{"prefix": "s3://bucket/a/1"}, ".jpg"]))
put("manifest-file", "empty", "[]")

# Boxes in files of their own ---------------------------------------------------------------------------------------------------------------
named = dict(detected, file="a.jpg", categories=[{"class_id": 0, "name": "cat"}, {"class_id": 5, "name": "d\u00f6g"}])
for name, text in {"plain": json.dumps(detected), "named": json.dumps(named), "odd": json.dumps(dict(named, categories=[{"class_id": 999999, "name": "x"}], image_size={"width": "3", "height": 2})), "string": json.dumps(json.dumps(detected))}.items():
    put("box-json", name, text.encode() + second(json.dumps(dict(named, file="b.jpg"))))
coco = {"info": {}, "images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 20}, {"id": "x", "file_name": "b/c.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 18, "bbox": [1, 2.5, 3, 4], "area": 12, "iscrowd": 0, "segmentation": [[1, 2, 3, 4, 5, 6]]},
                        {"id": 2, "image_id": "x", "category_id": 3, "bbox": [0, 0, -1, 1e9], "iscrowd": 1, "ignore": True}, {"image_id": 9}],
        "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "cat", "supercategory": "animal"}]}
put("coco", "three", json.dumps(coco))
put("coco", "bare", json.dumps(dict(coco, categories=[])))
put("coco", "backwards", b"\xef\xbb\xbf" + json.dumps(dict(reversed(coco.items())), indent=1).encode())
outlines = [[[1, 2, 8.5, 3, 4, 19]], [[0, 0, 10, 0, 10, 20, 0, 20], [2, 2, 3, 2, 3, 3]], {"size": [20, 10], "counts": [0, 50, 150]},
            {"size": [20, 10], "counts": "0b1f4"}, {"size": [20, 10], "counts": "PZ51mo0o0"}, [], None, [[1e9, -5, 3, 4, 5, 6]]]
drawn = dict(coco, images=coco["images"][:1], annotations=[
    {"id": n, "image_id": 1, "category_id": [18, 3][n % 2], "bbox": [0, 0, 1, 1], "segmentation": outline, "iscrowd": n % 2}
    for n, outline in enumerate(outlines)])
put("coco-masks", "all", json.dumps(drawn))
for n, outline in enumerate(outlines):
    put("coco-masks", f"one-{n}", json.dumps(dict(drawn, annotations=drawn["annotations"][n:n + 1])))
put("coco-masks", "over", json.dumps(dict(drawn, annotations=drawn["annotations"][:3])))
put("coco-masks", "large", json.dumps(dict(drawn, images=[{"id": 1, "file_name": "a.jpg", "width": 500, "height": 500}],
                                           annotations=drawn["annotations"][:1])))
put("coco-masks", "background", json.dumps(dict(drawn, categories=[{"id": 1, "name": "Background"}] + coco["categories"])))
voc = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE annotation><annotation verified="yes">
<folder>x</folder><filename>a.jpg</filename><size><width>10</width><height>20</height><depth>3</depth></size>
<object><name>c&amp;t</name><pose/><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>0</ymin><xmax>10.5</xmax><ymax>20</ymax></bndbox>
<part><name>head</name></part></object><object><name>person</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>2</xmax><ymax>1e3</ymax></bndbox></object></annotation>"""
put("voc", "two", voc.encode() + b"\0")
put("voc", "list", voc.encode() + second("a 1\nb  0\r\n\nc -1\n") + b"\1")
put("voc", "latin", b"<?xml version='1.0' encoding='ISO-8859-1'?><annotation><object><name>\xe4</name><bndbox><xmin>1</xmin></bndbox></object></annotation>\0")
put("voc", "instruction", voc.replace("<folder>", "<?p?><folder>").encode() + b"\0")
put("voc", "wide", voc.split("?>", 1)[1].encode("utf-16") + b"\0")
put("voc", "declared", '<!DOCTYPE a [<!ENTITY x "y"><!-- ] --><?p "?>]><annotation><!-- c --><object><name>&x;&#65;<![CDATA[<b>]]></name></object></annotation>\0')
boxes_text = "0 0.5 0.5 0.2 0.1\r\n# c\n5 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9\n\n1 1e-3 0 nan 2\n"
description = "path: .\ntrain: images/train\nval: [images/val, train.txt]\nnames:\n  0: cat\n  1: 'd\u00f6g'\n"
put("yolo", "text", boxes_text + "\0")
put("yolo-masks", "outlines", "0 0.1 0.1 0.9 0.1 0.5 0.9\n\n3 0 0 1 0 1 1 0 1\n0 -1 2 1e3 0.5 0.3 -7 0.2 0.2\n")
put("yolo-masks", "box", boxes_text)
put("yolo-masks", "high", "254 0.1 0.1 0.9 0.1 0.5 0.9\n253 0 0 1 0 1 1\n")
put("yolo", "described", boxes_text.encode() + second(description) + b"\1")
put("yolo", "list", boxes_text.encode() + second(description.replace("images/train", "train.txt")) + second("./images/train/a.jpg\nb.jpg\n") + b"\3")
put("yolo", "names", boxes_text.encode() + second("names: [a, \"b\", c: d]\ntrain: x\n") + b"\1")
put("yolo", "highest", boxes_text.encode() + second("names: {9223372036854775807: a}\n") + b"\1")
put("yolo", "aliases", b"0 0.5 0.5 0.2 0.1\n" + second("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\n? *d\n: 1\nnames: *a\n<<: {train: y}\n") + b"\1")
put("yolo", "tags", b"0 0.5 0.5 0.2 0.1\n" + second("%YAML 1.1\n---\nnames: !!set {a, b}\ntrain: !!int 0x1F\nval: |\n  a\n  b\n...\n") + b"\1")

# Texts -----------------------------------------------------------------------------------------------------------------------------------
put("lst", "single", "0\t1.000000\ta/1.jpg\n5\t0\t2.jpg\n\n7\t1e0\t./a/1.jpg\r\n" + "\0")
put("lst", "multi", "0\t1\t0\t0\t1\t0\t0\ta b.jpg\n1\t0\t0\t0\t0\t0\t1\t2.jpg\n" + "\2")
put("lst", "broken", b"\xef\xbb\xbf0\t1\ta.jpg\n0\t1\tb.jpg\nx\t1\tb.jpg\n3 1 c.jpg\n4,1,d.jpg\n5\t-1\te\n6\t1\t../f\n7\tnan\tg\n8\t1e7\th\n9\t1\t\xff\n" + b"\0")
put("classes", "plain", "cat\ndog\n\u00e4 b \n\n")
put("classes", "numbered", "\ufeffcat 0\ndog 1\r\nbird 2\n")
put("classes", "twice", "cat\ncat\n")
for name, value in {"scale": {"scale": "3"}, "number": {"scale": 20}, "map": {"map": {"0": 5, "1": 0, "255": 7}}, "both": {"scale": 1, "map": {"0": "1"}}, "deep": {"map": {"0": {"a": [1]}}}}.items():
    put("label-map", name, b"\xef\xbb\xbf" + json.dumps(value).encode() if name == "map" else json.dumps(value))

# Arrays ----------------------------------------------------------------------------------------------------------------------------------
images = struct.pack(">IIII", 0x803, 3, 2, 2) + bytes(range(12))
labels = struct.pack(">II", 0x801, 3) + bytes([0, 9, 4])
put("idx", "plain", images + second(labels))
put("idx", "packed", gzip.compress(images, mtime=0) + second(gzip.compress(labels, mtime=0)))
put("idx", "members", gzip.compress(images[:20], mtime=0) + gzip.compress(images[20:], mtime=0) + bytes(8) + second(labels))
put("idx", "lies", struct.pack(">IIII", 0x803, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF) + second(labels))
put("idx", "bomb", gzip.compress(struct.pack(">IIII", 0x803, 1, 256, 256) + bytes(65536), mtime=0) + second(struct.pack(">II", 0x801, 1) + b"\1"))
for way in range(3):
    put("cifar", f"way-{way}", bytes([3, 8]) + bytes(range(40)) + bytes([way]))
put("cifar", "three", bytes(3073 * 3) + bytes([0]))

# Answers ---------------------------------------------------------------------------------------------------------------------------------
listing = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>
<NextContinuationToken>a&amp;b</NextContinuationToken><Contents><Key>a%2F1+2.jpg</Key><Size>12</Size><ETag>&quot;e&quot;</ETag></Contents></ListBucketResult>"""
put("s3-answer", "list", listing + "\0")
put("s3-answer", "error", "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>x</Message><Region>eu-west-1</Region></Error>\4")
put("s3-answer", "moved", "<Error><Code>PermanentRedirect</Code></Error>\1")
put("s3-answer", "upload", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>\0")
put("s3-answer", "deep", "<a>" * 20 + "</a>" * 20 + "\0")
put("s3-answer", "entities", '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;&y;<![CDATA[z]]></a>\0')
put("s3-answer", "external", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>\0')
put("s3-answer", "instruction", "<?p?><Error><?p?><Code>x</Code></Error>\0")
put("s3-answer", "keys", json.dumps({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2030-01-01T00:00:00Z"}) + "\0")
put("aws-profile", "config", "[default]\nregion = eu-west-1\n# c\ns3 =\n  max = 1\n[profile a  b]\naws_access_key_id=A\n;x\nAws_Secret_Access_Key = S=\n")
put("aws-profile", "credentials", "[default]\r\naws_access_key_id = A\r\naws_session_token =\r\n[other\nx=1\n=y\n")

# Weights ---------------------------------------------------------------------------------------------------------------------------------
for path in sorted((fixtures / "weights").glob("*.p*")):
    if path.suffix in (".pth", ".pkl"):
        put("checkpoint", path.name, path.read_bytes())


def safetensors(header, data):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + data


two = {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}, "b": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}}
put("safetensors", "two", safetensors(two, bytes(16)))
put("safetensors", "half", safetensors({"a": {"dtype": "BF16", "shape": [0, 3], "data_offsets": [0, 0]}}, b""))
put("safetensors", "huge", safetensors({"a": {"dtype": "F64", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 1 << 62]}}, b""))
put("safetensors", "escapes", safetensors(b'{"\\ud83d\\ude00\\u0041":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} ', b"\1"))
