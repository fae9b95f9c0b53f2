#ifndef SIGHTLINE_CZLIB_H
#define SIGHTLINE_CZLIB_H

// zlib as Swift can call it: inflateInit2 is a macro, and z_stream is a struct with private parts.
// Nothing here traps; every function answers one of the codes below.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a call did. Values below zero are failures.
enum {
    /// The call went well and the stream goes on.
    CZLIB_OK = 0,
    /// The end of the compressed stream was reached (and, for gzip and zlib, its checksum agreed).
    CZLIB_END = 1,
    /// The compressed bytes are damaged, or their checksum disagrees.
    CZLIB_DATA_ERROR = -1,
    /// No memory.
    CZLIB_MEMORY_ERROR = -2,
    /// The output buffer is too small for the content.
    CZLIB_OUTPUT_FULL = -3,
    /// The input ended before the stream did.
    CZLIB_TRUNCATED = -4,
};

/// `window_bits` for a bare deflate stream, as in a zip entry.
#define CZLIB_RAW (-15)
/// `window_bits` for a zlib stream (RFC 1950).
#define CZLIB_ZLIB 15
/// `window_bits` for a gzip stream (RFC 1952).
#define CZLIB_GZIP 31
/// `window_bits` for gzip or zlib, told apart by the header.
#define CZLIB_GZIP_OR_ZLIB 47

/// Inflates the whole of `in` into `out`. `*out_len` becomes the number of bytes written, also on failure.
/// Answers CZLIB_END when one complete stream was read; bytes after it are ignored. Sizes may exceed 4 GiB.
int czlib_inflate(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity, size_t *out_len, int window_bits);

/// A stream that is inflated piece by piece.
typedef struct czlib_stream czlib_stream;

/// Starts a stream; NULL when there is no memory or `window_bits` is none of the values above.
czlib_stream *czlib_inflate_start(int window_bits);

/// Inflates from `in` to `out` until one of them is used up. `*in_used` and `*out_made` say how far it came.
/// Answers CZLIB_OK (give more input or more room), CZLIB_END or a failure. After CZLIB_END the next member of a
/// multi-member gzip file is begun with `czlib_inflate_reset`; the bytes not in `*in_used` belong to it.
int czlib_inflate_step(czlib_stream *stream, const uint8_t *in, size_t in_len, size_t *in_used, uint8_t *out,
                       size_t out_capacity, size_t *out_made);

/// Makes the stream ready for a new member of the same kind.
int czlib_inflate_reset(czlib_stream *stream);

/// Frees the stream. NULL is allowed.
void czlib_inflate_finish(czlib_stream *stream);

/// Deflates the whole of `in` into `out` at `level` (0…9, -1 for zlib's default). Answers CZLIB_END, CZLIB_OUTPUT_FULL
/// or another failure; `*out_len` becomes the number of bytes written.
int czlib_deflate(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity, size_t *out_len, int level,
                  int window_bits);

/// The most bytes that `czlib_deflate` can need for `in_len` bytes of input, in any of the three wrappings.
size_t czlib_deflate_bound(size_t in_len);

/// Continues a CRC-32 (IEEE, as in zip, gzip and PNG) over `len` bytes; start with 0.
uint32_t czlib_crc32(uint32_t crc, const uint8_t *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
