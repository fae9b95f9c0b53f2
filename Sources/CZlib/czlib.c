#include "czlib.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct czlib_stream {
    z_stream z;
};

// zlib counts in unsigned int, so larger buffers are handed over in slices.
static uInt slice(size_t size) { return size > UINT_MAX ? UINT_MAX : (uInt)size; }

static int code_of(int zlib_code) {
    switch (zlib_code) {
    case Z_OK:
    case Z_BUF_ERROR: // no progress possible with these buffers: the caller decides which of them is short
        return CZLIB_OK;
    case Z_STREAM_END:
        return CZLIB_END;
    case Z_MEM_ERROR:
        return CZLIB_MEMORY_ERROR;
    default: // Z_DATA_ERROR, Z_NEED_DICT, Z_STREAM_ERROR
        return CZLIB_DATA_ERROR;
    }
}

czlib_stream *czlib_inflate_start(int window_bits) {
    czlib_stream *stream = calloc(1, sizeof(czlib_stream));
    if (stream && inflateInit2(&stream->z, window_bits) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

int czlib_inflate_step(czlib_stream *stream, const uint8_t *in, size_t in_len, size_t *in_used, uint8_t *out,
                       size_t out_capacity, size_t *out_made) {
    // zlib refuses null pointers even for empty buffers, and an empty Swift array has one.
    uint8_t nothing = 0;
    if (!in) { in = &nothing; in_len = 0; }
    if (!out) { out = &nothing; out_capacity = 0; }
    size_t used = 0, made = 0;
    int code = CZLIB_OK;
    while (code == CZLIB_OK) {
        uInt offered = slice(in_len - used), room = slice(out_capacity - made);
        stream->z.next_in = (Bytef *)(in + used);
        stream->z.avail_in = offered;
        stream->z.next_out = out + made;
        stream->z.avail_out = room;
        code = code_of(inflate(&stream->z, Z_NO_FLUSH));
        size_t used_now = offered - stream->z.avail_in, made_now = room - stream->z.avail_out;
        used += used_now;
        made += made_now;
        if (used_now == 0 && made_now == 0) { break; }
    }
    stream->z.next_in = NULL;
    stream->z.next_out = NULL;
    *in_used = used;
    *out_made = made;
    return code;
}

int czlib_inflate_reset(czlib_stream *stream) { return code_of(inflateReset(&stream->z)); }

void czlib_inflate_finish(czlib_stream *stream) {
    if (!stream) { return; }
    inflateEnd(&stream->z);
    free(stream);
}

int czlib_inflate(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity, size_t *out_len, int window_bits) {
    *out_len = 0;
    czlib_stream *stream = czlib_inflate_start(window_bits);
    if (!stream) { return CZLIB_MEMORY_ERROR; }
    size_t used = 0;
    int code = czlib_inflate_step(stream, in, in_len, &used, out, out_capacity, out_len);
    czlib_inflate_finish(stream);
    if (code != CZLIB_OK) { return code; }
    return *out_len == out_capacity && used < in_len ? CZLIB_OUTPUT_FULL : CZLIB_TRUNCATED;
}

int czlib_deflate(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity, size_t *out_len, int level,
                  int window_bits) {
    *out_len = 0;
    uint8_t nothing = 0;
    if (!in) { in = &nothing; in_len = 0; }
    if (!out) { out = &nothing; out_capacity = 0; }
    z_stream z = {0};
    int started = deflateInit2(&z, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    if (started != Z_OK) { return code_of(started); }
    size_t used = 0, made = 0;
    int code = CZLIB_OK;
    while (code == CZLIB_OK) {
        uInt offered = slice(in_len - used), room = slice(out_capacity - made);
        z.next_in = (Bytef *)(in + used);
        z.avail_in = offered;
        z.next_out = out + made;
        z.avail_out = room;
        code = code_of(deflate(&z, used + offered == in_len ? Z_FINISH : Z_NO_FLUSH));
        size_t used_now = offered - z.avail_in, made_now = room - z.avail_out;
        used += used_now;
        made += made_now;
        if (code == CZLIB_OK && made == out_capacity) { code = CZLIB_OUTPUT_FULL; }
        else if (code == CZLIB_OK && used_now == 0 && made_now == 0) { code = CZLIB_DATA_ERROR; }
    }
    deflateEnd(&z);
    *out_len = made;
    return code;
}

size_t czlib_deflate_bound(size_t in_len) {
    // zlib's own bound for any settings, and room for the gzip wrapper.
    return in_len + (in_len >> 3) + (in_len >> 8) + (in_len >> 9) + 64;
}

uint32_t czlib_crc32(uint32_t crc, const uint8_t *bytes, size_t len) {
    return bytes ? (uint32_t)crc32_z(crc, bytes, len) : crc;
}
