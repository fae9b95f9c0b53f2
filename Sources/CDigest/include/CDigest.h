// SHA-256 of a stream, by OpenSSL's libcrypto.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct cdigest_s *cdigest;

/// A new digest, or NULL where memory is short.
cdigest _Nullable cdigest_sha256_new(void);
/// 1, or 0 where libcrypto refused.
int cdigest_update(cdigest _Nonnull digest, const void *_Nullable bytes, size_t count);
/// Writes 32 bytes. 1, or 0 where libcrypto refused.
int cdigest_finish(cdigest _Nonnull digest, uint8_t *_Nonnull out);
void cdigest_free(cdigest _Nonnull digest);
