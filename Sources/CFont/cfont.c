#include "CFont.h"

#include <stdlib.h>

#include <ft2build.h>
#include FT_FREETYPE_H

struct CFont {
    FT_Library library;
    FT_Face face;
};

CFont *cfont_open(const char *path) {
    CFont *font = calloc(1, sizeof *font);
    if (!font) return NULL;
    if (FT_Init_FreeType(&font->library)) {
        free(font);
        return NULL;
    }
    if (FT_New_Face(font->library, path, 0, &font->face)) {
        FT_Done_FreeType(font->library);
        free(font);
        return NULL;
    }
    return font;
}

void cfont_close(CFont *font) {
    FT_Done_Face(font->face);
    FT_Done_FreeType(font->library);
    free(font);
}

bool cfont_set_size(CFont *font, unsigned pixels) { return FT_Set_Pixel_Sizes(font->face, 0, pixels) == 0; }

void cfont_extent(CFont *font, int *ascent, int *descent) {
    const FT_Size_Metrics *metrics = &font->face->size->metrics;
    *ascent = (int)((metrics->ascender + 63) >> 6);
    *descent = (int)((-metrics->descender + 63) >> 6);
}

bool cfont_has(CFont *font, uint32_t codepoint) { return FT_Get_Char_Index(font->face, codepoint) != 0; }

int cfont_width(CFont *font, const uint32_t *codepoints, size_t count) {
    FT_Pos width = 0;
    for (size_t i = 0; i < count; i++) {
        if (FT_Load_Char(font->face, codepoints[i], FT_LOAD_DEFAULT)) continue;
        width += font->face->glyph->advance.x;
    }
    return (int)((width + 63) >> 6);
}

void cfont_render(CFont *font, const uint32_t *codepoints, size_t count, uint8_t *coverage, int width, int height) {
    int ascent, descent;
    cfont_extent(font, &ascent, &descent);
    FT_Pos pen = 0;
    for (size_t i = 0; i < count; i++) {
        if (FT_Load_Char(font->face, codepoints[i], FT_LOAD_RENDER)) continue;
        const FT_GlyphSlot glyph = font->face->glyph;
        const FT_Bitmap *bitmap = &glyph->bitmap;
        if (bitmap->pixel_mode == FT_PIXEL_MODE_GRAY) {
            for (int y = 0; y < (int)bitmap->rows; y++) {
                const int row = ascent - glyph->bitmap_top + y;
                if (row < 0 || row >= height) continue;
                for (int x = 0; x < (int)bitmap->width; x++) {
                    const int column = (int)(pen >> 6) + glyph->bitmap_left + x;
                    if (column < 0 || column >= width) continue;
                    const uint8_t value = bitmap->buffer[y * bitmap->pitch + x];
                    uint8_t *target = &coverage[(size_t)row * (size_t)width + (size_t)column];
                    if (value > *target) *target = value;
                }
            }
        }
        pen += glyph->advance.x;
    }
}
