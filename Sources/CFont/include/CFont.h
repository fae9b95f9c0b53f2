// FreeType for Swift: one line of text as coverage, 0 (outside of the letters) to 255.
#ifndef CFONT_H
#define CFONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CFont CFont;

/// Opens a font file; NULL where there is none that FreeType reads. Used by one thread at a time.
CFont *_Nullable cfont_open(const char *_Nonnull path);
void cfont_close(CFont *_Nonnull font);

/// Sets the size: `pixels` between the baselines of two lines, at most.
bool cfont_set_size(CFont *_Nonnull font, unsigned pixels);
/// Pixels above and below the baseline that letters may take.
void cfont_extent(CFont *_Nonnull font, int *_Nonnull ascent, int *_Nonnull descent);
/// Whether the font has a letter for a code point.
bool cfont_has(CFont *_Nonnull font, uint32_t codepoint);
/// Pixels that a line takes in width.
int cfont_width(CFont *_Nonnull font, const uint32_t *_Nonnull codepoints, size_t count);
/// Writes a line into `height` rows of `width` bytes, which begin as zeros; what does not fit is cut off.
void cfont_render(
    CFont *_Nonnull font, const uint32_t *_Nonnull codepoints, size_t count, uint8_t *_Nonnull coverage, int width, int height);

#endif
