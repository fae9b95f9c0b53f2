#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// A progressive file may repeat scans for ever at a few bytes each; real ones have about ten.
enum { MOST_SCANS = 500 };

struct CJPEGDecoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool tolerant;
    const uint8_t *scans, *end;
    CJPEGWindow window;
    uint8_t *cmyk;
    char *message;
};

_Noreturn static void fail(CJPEGDecoder *decoder, const char *message) {
    snprintf(decoder->message, CJPEG_MESSAGE_LENGTH, "%s", message);
    longjmp(decoder->escape, 1);
}

_Noreturn static void on_error(j_common_ptr common) {
    CJPEGDecoder *decoder = common->client_data;
    char text[JMSG_LENGTH_MAX];
    decoder->errors.format_message(common, text);
    fail(decoder, text);
}

// libjpeg fills in for damaged data and warns. Warnings that pixels are invented end the decoding; harmless ones
// (stray bytes between markers, odd version numbers) are common in the wild and are passed over, as Pillow does.
static void on_message(j_common_ptr common, int level) {
    if (level >= 0) return;
    CJPEGDecoder *decoder = common->client_data;
    if (decoder->tolerant) return;
    switch (decoder->errors.msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC: on_error(common);
    default: break;
    }
}

static void on_progress(j_common_ptr common) {
    CJPEGDecoder *decoder = common->client_data;
    if (decoder->jpeg.input_scan_number > MOST_SCANS) fail(decoder, "More than 500 scans");
}

// Whether so many bytes can hold a picture of the header's size: each block of a component that is in the file takes a bit of Huffman code
// or more. (Arithmetic code may take less.)
static bool has_bytes_for_blocks(const CJPEGDecoder *decoder) {
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    if (jpeg->arith_code) return true;
    uint64_t fewest = UINT64_MAX;
    for (int i = 0; i < jpeg->num_components; i++) {
        uint64_t blocks = (uint64_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
        if (blocks < fewest) fewest = blocks;
    }
    return fewest / 8 <= (uint64_t)(decoder->end - decoder->scans);
}

CJPEGDecoder *cjpeg_decoder_open(const uint8_t *bytes, size_t length, bool tolerant, CJPEGHeader *header, char *message) {
    CJPEGDecoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        snprintf(message, CJPEG_MESSAGE_LENGTH, "Out of memory");
        return NULL;
    }
    decoder->tolerant = tolerant;
    decoder->message = message;
    decoder->end = bytes + length;
    decoder->jpeg.err = jpeg_std_error(&decoder->errors);
    decoder->jpeg.client_data = decoder;
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    if (setjmp(decoder->escape)) {
        cjpeg_decoder_close(decoder);
        return NULL;
    }
    jpeg_create_decompress(&decoder->jpeg);
    decoder->progress.progress_monitor = on_progress;
    decoder->jpeg.progress = &decoder->progress;
    jpeg_mem_src(&decoder->jpeg, bytes, (unsigned long)length);
    jpeg_read_header(&decoder->jpeg, TRUE);
    decoder->scans = decoder->jpeg.src->next_input_byte;
    if (!tolerant && !has_bytes_for_blocks(decoder)) fail(decoder, "Fewer bytes than the size in its header needs");
    header->width = decoder->jpeg.image_width;
    header->height = decoder->jpeg.image_height;
    header->components = decoder->jpeg.num_components;
    return decoder;
}

bool cjpeg_decoder_start(CJPEGDecoder *decoder, CJPEGWindow *window, char *message) {
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    decoder->message = message;
    if (setjmp(decoder->escape)) return false;
    jpeg->scale_num = window->scaleEighths;
    jpeg->scale_denom = 8;
    if (jpeg->num_components == 4) {
        jpeg->out_color_space = JCS_CMYK;
    } else {
        jpeg->out_color_space = window->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    }
    // The accurate integer DCT and smooth chroma: libjpeg's defaults, which Pillow and torchvision decode with as well.
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg_start_decompress(jpeg);
    if (window->width == 0 || window->height == 0 || window->x >= jpeg->output_width || window->y >= jpeg->output_height
        || window->width > jpeg->output_width - window->x || window->height > jpeg->output_height - window->y) {
        fail(decoder, "Window outside the picture");
    }
    if (window->width < jpeg->output_width) {
        JDIMENSION x = window->x, width = window->width;
        jpeg_crop_scanline(jpeg, &x, &width);
        window->x = x;
        window->width = width;
    }
    decoder->window = *window;
    return true;
}

// What a * b / 255 rounds to.
static inline unsigned scaled(unsigned a, unsigned b) {
    unsigned product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

// CMYK in JPEG is stored inverted, as Adobe began it; files that do not say so are taken the same way (Pillow does too).
// Without an ink profile the conversion is the plain product.
static void convert_cmyk(const uint8_t *cmyk, uint8_t *output, uint32_t count, int channels) {
    for (uint32_t i = 0; i < count; i++, cmyk += 4, output += channels) {
        unsigned light = cmyk[3], rgb[3];
        for (int c = 0; c < 3; c++) rgb[c] = light - scaled(255 - cmyk[c], light);
        if (channels == 3) {
            for (int c = 0; c < 3; c++) output[c] = (uint8_t)rgb[c];
        } else {
            output[0] = (uint8_t)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
        }
    }
}

// Whether an end-of-image marker follows the header. Files end with it, so the search is over at once unless it is missing.
static bool has_end(const CJPEGDecoder *decoder) {
    for (const uint8_t *p = decoder->end - 2; p >= decoder->scans; p--) {
        if (p[0] == 0xFF && p[1] == JPEG_EOI) return true;
    }
    return false;
}

bool cjpeg_decoder_read(CJPEGDecoder *decoder, uint8_t *output, char *message) {
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    const CJPEGWindow *window = &decoder->window;
    decoder->message = message;
    if (setjmp(decoder->escape)) return false;
    bool cmyk = jpeg->out_color_space == JCS_CMYK;
    if (cmyk && !(decoder->cmyk = malloc((size_t)window->width * 4))) fail(decoder, "Out of memory");
    // The rows below the window are not decoded: that the file is whole must be seen otherwise.
    if (!decoder->tolerant && !has_end(decoder)) fail(decoder, "Premature end of JPEG file");

    if (window->y > 0) jpeg_skip_scanlines(jpeg, window->y);
    size_t stride = (size_t)window->width * (size_t)window->channels;
    uint32_t last = window->y + window->height;
    while (jpeg->output_scanline < last) {
        uint32_t row = jpeg->output_scanline - window->y;
        if (cmyk) {
            JSAMPROW line = decoder->cmyk;
            if (jpeg_read_scanlines(jpeg, &line, 1) == 1) {
                convert_cmyk(decoder->cmyk, output + row * stride, window->width, window->channels);
            }
        } else {
            JSAMPROW lines[8];
            uint32_t count = last - jpeg->output_scanline < 8 ? last - jpeg->output_scanline : 8;
            for (uint32_t i = 0; i < count; i++) lines[i] = output + (row + i) * stride;
            jpeg_read_scanlines(jpeg, lines, count);
        }
    }
    if (jpeg->output_scanline == jpeg->output_height) jpeg_finish_decompress(jpeg);
    return true;
}

void cjpeg_decoder_close(CJPEGDecoder *decoder) {
    // Does not fail; and does nothing where creation itself failed.
    jpeg_destroy_decompress(&decoder->jpeg);
    free(decoder->cmyk);
    free(decoder);
}
