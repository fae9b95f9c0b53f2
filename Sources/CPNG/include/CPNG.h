// libpng for Swift: one decoder object, one encoder call, failures as text.
//
// libpng reports errors by a longjmp; all of them are caught inside these functions. A function that returns false or NULL
// has written libpng's message to `message`.
#ifndef CPNG_H
#define CPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that a message buffer must have.
#define CPNG_MESSAGE_LENGTH 200

typedef struct CPNGDecoder CPNGDecoder;

/// What to make of the pixels.
typedef enum {
    /// One byte a pixel, luma of coloured pictures; transparency composited on white.
    CPNGLayoutGrey = 1,
    /// Raw palette indices or grey samples, one byte a pixel, neither scaled to 255 nor composited.
    CPNGLayoutIndices = 2,
    /// Three bytes a pixel; transparency composited on white.
    CPNGLayoutRGB = 3,
} CPNGLayout;

typedef struct {
    uint32_t width;
    uint32_t height;
    int bitDepth;
    bool isColour;
    bool isPalette;
} CPNGHeader;

/// Reads the chunks before the pixels. The bytes must outlive the decoder.
CPNGDecoder *_Nullable cpng_decoder_open(
    const uint8_t *_Nonnull bytes, size_t length, CPNGHeader *_Nonnull header, char *_Nonnull message);

/// Writes `height` rows of `width` pixels. Once per decoder.
bool cpng_decoder_read(CPNGDecoder *_Nonnull decoder, CPNGLayout layout, uint8_t *_Nonnull output, char *_Nonnull message);

void cpng_decoder_close(CPNGDecoder *_Nonnull decoder);

/// Encodes 8-bit pixels: 3 channels RGB; 1 channel grey, or palette indices where `palette` (RGB triples) is given, each
/// index below `colours`. `compression` is zlib's level, 0 to 9. The caller frees `*output` with `free`.
bool cpng_encode(
    const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height, int channels, const uint8_t *_Nullable palette,
    int colours, int compression, uint8_t *_Nullable *_Nonnull output, size_t *_Nonnull length, char *_Nonnull message);

#endif
