#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

typedef struct {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    char *message;
    unsigned char *output;
    unsigned long length;
} encoder;

_Noreturn static void on_error(j_common_ptr common) {
    encoder *e = common->client_data;
    char text[JMSG_LENGTH_MAX];
    e->errors.format_message(common, text);
    snprintf(e->message, CJPEG_MESSAGE_LENGTH, "%s", text);
    longjmp(e->escape, 1);
}

static void on_message(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

bool cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, uint8_t **output, size_t *length,
    char *message) {
    // On the heap: a longjmp leaves locals that were changed since setjmp undefined.
    encoder *e = calloc(1, sizeof *e);
    if (!e) {
        snprintf(message, CJPEG_MESSAGE_LENGTH, "Out of memory");
        return false;
    }
    struct jpeg_compress_struct *jpeg = &e->jpeg;
    e->message = message;
    jpeg->err = jpeg_std_error(&e->errors);
    jpeg->client_data = e;
    e->errors.error_exit = on_error;
    e->errors.emit_message = on_message;
    if (setjmp(e->escape)) {
        jpeg_destroy_compress(&e->jpeg);
        free(e->output);
        free(e);
        return false;
    }
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &e->output, &e->length);
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = channels;
    jpeg->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < height) {
        // libjpeg's row type is not const; it does not write.
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg->next_scanline * width * (size_t)channels);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    jpeg_destroy_compress(jpeg);
    *output = e->output;
    *length = e->length;
    free(e);
    return true;
}
