// libjpeg-turbo for Swift: one decoder object, one encoder call, failures as text.
//
// libjpeg reports errors by a longjmp; all of them are caught inside these functions, so none crosses a Swift frame. A
// function that returns false or NULL has written a sentence of libjpeg's to `message`.
#ifndef CJPEG_H
#define CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that a message buffer must have.
#define CJPEG_MESSAGE_LENGTH 200

typedef struct CJPEGDecoder CJPEGDecoder;

/// What the frame header says.
typedef struct {
    uint32_t width;
    uint32_t height;
    /// 1 grey, 3 YCbCr or RGB, 4 CMYK or YCCK.
    int components;
} CJPEGHeader;

/// What to decode. Coordinates count pixels of the reduced picture, ceil(side * scaleEighths / 8) on a side.
typedef struct {
    /// 1 grey or 3 RGB.
    int channels;
    /// Size of the inverse DCT, 1 to 8: 8 is the whole picture, 4 half of each side.
    unsigned scaleEighths;
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
} CJPEGWindow;

/// Reads the header. The bytes must outlive the decoder. Without `tolerant`, missing or damaged entropy-coded data, of
/// which libjpeg only warns, are errors.
CJPEGDecoder *_Nullable cjpeg_decoder_open(
    const uint8_t *_Nonnull bytes, size_t length, bool tolerant, CJPEGHeader *_Nonnull header, char *_Nonnull message);

/// Starts decoding `window`, a non-empty part of the reduced picture. libjpeg begins at a whole block: `window.x` and
/// `window.width` are widened to what cjpeg_decoder_read will deliver.
bool cjpeg_decoder_start(CJPEGDecoder *_Nonnull decoder, CJPEGWindow *_Nonnull window, char *_Nonnull message);

/// Writes `height` rows of `width * channels` bytes of the window that was started. Once per decoder.
bool cjpeg_decoder_read(CJPEGDecoder *_Nonnull decoder, uint8_t *_Nonnull output, char *_Nonnull message);

void cjpeg_decoder_close(CJPEGDecoder *_Nonnull decoder);

/// Encodes 1 or 3 channels as a baseline JPEG with libjpeg's default 4:2:0 subsampling. The caller frees `*output` with
/// `free`.
bool cjpeg_encode(
    const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height, int channels, int quality,
    uint8_t *_Nullable *_Nonnull output, size_t *_Nonnull length, char *_Nonnull message);

#endif
