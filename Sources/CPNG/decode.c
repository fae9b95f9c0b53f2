#include "CPNG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct CPNGDecoder {
    png_structp png;
    png_infop info;
    const uint8_t *next, *end;
    uint8_t *rows;
    char *message;
    jmp_buf escape;
};

_Noreturn static void fail(CPNGDecoder *decoder, const char *message) {
    snprintf(decoder->message, CPNG_MESSAGE_LENGTH, "%s", message);
    longjmp(decoder->escape, 1);
}

_Noreturn static void on_error(png_structp png, png_const_charp message) { fail(png_get_error_ptr(png), message); }

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep output, size_t count) {
    CPNGDecoder *decoder = png_get_io_ptr(png);
    if ((size_t)(decoder->end - decoder->next) < count) fail(decoder, "Premature end of PNG file");
    memcpy(output, decoder->next, count);
    decoder->next += count;
}

CPNGDecoder *cpng_decoder_open(const uint8_t *bytes, size_t length, CPNGHeader *header, char *message) {
    CPNGDecoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        snprintf(message, CPNG_MESSAGE_LENGTH, "Out of memory");
        return NULL;
    }
    decoder->next = bytes;
    decoder->end = bytes + length;
    decoder->message = message;
    if (setjmp(decoder->escape)) {
        cpng_decoder_close(decoder);
        return NULL;
    }
    decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, on_error, on_warning);
    if (decoder->png) decoder->info = png_create_info_struct(decoder->png);
    if (!decoder->info) fail(decoder, "Out of memory");
    png_set_read_fn(decoder->png, decoder, on_read);
    // libpng takes memory for what a chunk says that it holds, up to 2 GiB, before it reads it (eXIf), and inflates texts and profiles that
    // nobody asks for. Of the chunks beside the pixels only palette and transparency count; the others are passed over.
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(decoder->png, decoder->info);
    int colour = png_get_color_type(decoder->png, decoder->info);
    header->width = png_get_image_width(decoder->png, decoder->info);
    header->height = png_get_image_height(decoder->png, decoder->info);
    header->bitDepth = png_get_bit_depth(decoder->png, decoder->info);
    header->isPalette = colour == PNG_COLOR_TYPE_PALETTE;
    header->isColour = colour & PNG_COLOR_MASK_COLOR;
    return decoder;
}

// `value` over white, as seen through `alpha`.
static inline uint8_t over_white(unsigned value, unsigned alpha) {
    unsigned product = value * alpha + 255 * (255 - alpha) + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

// One row of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) bytes a pixel to 1 or 3.
static void convert_row(const uint8_t *row, int from, uint8_t *output, int to, uint32_t width) {
    if (from == to) {
        memcpy(output, row, (size_t)width * (size_t)to);
        return;
    }
    bool colour = from >= 3, transparent = from == 2 || from == 4;
    for (uint32_t x = 0; x < width; x++, row += from, output += to) {
        uint8_t rgb[3] = {row[0], row[colour ? 1 : 0], row[colour ? 2 : 0]};
        if (transparent) {
            for (int c = 0; c < 3; c++) rgb[c] = over_white(rgb[c], row[from - 1]);
        }
        if (to == 3) {
            memcpy(output, rgb, 3);
        } else {
            output[0] = colour ? (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16) : rgb[0];
        }
    }
}

bool cpng_decoder_read(CPNGDecoder *decoder, CPNGLayout layout, uint8_t *output, char *message) {
    png_structp png = decoder->png;
    decoder->message = message;
    if (setjmp(decoder->escape)) return false;
    bool indices = layout == CPNGLayoutIndices;
    if (indices) {
        png_set_packing(png);
        png_set_strip_alpha(png);
    } else {
        png_set_expand(png);
        // Rounded to the nearest of 256 levels; Pillow takes the high byte.
        png_set_scale_16(png);
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    uint32_t width = png_get_image_width(png, decoder->info), height = png_get_image_height(png, decoder->info);
    size_t stride = png_get_rowbytes(png, decoder->info);
    int from = png_get_channels(png, decoder->info), to = indices ? 1 : (int)layout;
    bool wide = png_get_bit_depth(png, decoder->info) == 16;
    if (indices && from != 1) fail(decoder, "Not a picture of palette indices or grey samples");

    // The passes of an interlaced picture fill in each other's gaps, so its rows are kept until the last.
    size_t kept = passes > 1 ? height : 1;
    if (stride != 0 && kept > SIZE_MAX / stride) fail(decoder, "Out of memory");
    decoder->rows = malloc(stride * kept);
    if (!decoder->rows) fail(decoder, "Out of memory");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *row = decoder->rows + (kept > 1 ? stride * y : 0);
            png_read_row(png, row, NULL);
            if (pass < passes - 1) continue;
            uint8_t *target = output + (size_t)y * width * (size_t)to;
            if (!wide) {
                convert_row(row, from, target, to, width);
                continue;
            }
            for (uint32_t x = 0; x < width; x++) {
                if (row[2 * x] != 0) fail(decoder, "A 16-bit sample above 255 is no class index");
                target[x] = row[2 * x + 1];
            }
        }
    }
    png_read_end(png, NULL);
    return true;
}

void cpng_decoder_close(CPNGDecoder *decoder) {
    if (decoder->png) png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    free(decoder->rows);
    free(decoder);
}
