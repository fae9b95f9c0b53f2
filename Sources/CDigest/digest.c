#include "CDigest.h"
#include <openssl/evp.h>

cdigest cdigest_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return (cdigest)context;
}
int cdigest_update(cdigest digest, const void *bytes, size_t count) { return EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, count); }
int cdigest_finish(cdigest digest, uint8_t *out) { return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, out, NULL); }
void cdigest_free(cdigest digest) { EVP_MD_CTX_free((EVP_MD_CTX *)digest); }
