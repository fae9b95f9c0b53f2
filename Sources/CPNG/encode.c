#include "CPNG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
    png_structp png;
    png_infop info;
    uint8_t *bytes;
    size_t length, capacity;
    char *message;
    jmp_buf escape;
} encoder;

_Noreturn static void on_error(png_structp png, png_const_charp message) {
    encoder *e = png_get_error_ptr(png);
    snprintf(e->message, CPNG_MESSAGE_LENGTH, "%s", message);
    longjmp(e->escape, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep input, size_t count) {
    encoder *e = png_get_io_ptr(png);
    if (e->capacity - e->length < count) {
        size_t capacity = (e->capacity + count) * 2;
        uint8_t *bytes = realloc(e->bytes, capacity);
        if (!bytes) png_error(png, "Out of memory");
        e->bytes = bytes;
        e->capacity = capacity;
    }
    memcpy(e->bytes + e->length, input, count);
    e->length += count;
}

static void on_flush(png_structp png) { (void)png; }

bool cpng_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const uint8_t *palette, int colours,
    int compression, uint8_t **output, size_t *length, char *message) {
    // On the heap: a longjmp leaves locals that were changed since setjmp undefined.
    encoder *e = calloc(1, sizeof *e);
    if (!e) {
        snprintf(message, CPNG_MESSAGE_LENGTH, "Out of memory");
        return false;
    }
    e->message = message;
    if (setjmp(e->escape)) {
        if (e->png) png_destroy_write_struct(&e->png, &e->info);
        free(e->bytes);
        free(e);
        return false;
    }
    e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
    if (e->png) e->info = png_create_info_struct(e->png);
    if (!e->info) {
        snprintf(message, CPNG_MESSAGE_LENGTH, "Out of memory");
        longjmp(e->escape, 1);
    }
    png_set_write_fn(e->png, e, on_write, on_flush);
    png_set_compression_level(e->png, compression);
    int colour = channels == 3 ? PNG_COLOR_TYPE_RGB : palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY;
    png_set_IHDR(
        e->png, e->info, width, height, 8, colour, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) {
        png_color entries[PNG_MAX_PALETTE_LENGTH];
        for (int i = 0; i < colours; i++) {
            entries[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
        }
        png_set_PLTE(e->png, e->info, entries, colours);
    }
    png_write_info(e->png, e->info);
    for (uint32_t y = 0; y < height; y++) png_write_row(e->png, pixels + (size_t)y * width * (size_t)channels);
    png_write_end(e->png, NULL);
    png_destroy_write_struct(&e->png, &e->info);
    *output = e->bytes;
    *length = e->length;
    free(e);
    return true;
}
