#ifndef SIGHTLINE_CCURL_H
#define SIGHTLINE_CCURL_H

// libcurl's easy interface as Swift can call it: curl_easy_setopt and curl_easy_getinfo are variadic, which Swift
// does not import. One function for each type of argument; the constants are libcurl's own.

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Receives `size` bytes of a body or one header line. Answer `size` to go on, anything else to stop the transfer.
typedef size_t (*ccurl_bytes_function)(char *bytes, size_t one, size_t size, void *context);

/// Is told how far a transfer came, several times a second even while nothing arrives. Answer 0 to go on, 1 to stop.
typedef int (*ccurl_progress_function)(void *context, curl_off_t expected, curl_off_t received, curl_off_t to_send,
                                       curl_off_t sent);

/// Sets an option whose argument is a number or a switch.
CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);

/// Sets an option whose argument is a string, which libcurl copies.
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);

/// Sets the request's extra header lines. The list must live until the transfer is over.
CURLcode ccurl_set_headers(CURL *handle, struct curl_slist *headers);

/// Sets where the body goes.
CURLcode ccurl_set_body_function(CURL *handle, ccurl_bytes_function function, void *context);

/// Sets where the answer's header lines go, the status line included.
CURLcode ccurl_set_header_function(CURL *handle, ccurl_bytes_function function, void *context);

/// Sets who is told of progress, and switches the telling on.
CURLcode ccurl_set_progress_function(CURL *handle, ccurl_progress_function function, void *context);

/// Sends these bytes as the body, which must live until the transfer is over. Set CURLOPT_CUSTOMREQUEST behind it for another method than POST.
CURLcode ccurl_set_body(CURL *handle, const void *bytes, size_t size);

/// Allows http and https only, for the first request and for redirects: never file:, ftp: or the like.
CURLcode ccurl_allow_http_only(CURL *handle);

/// Gives libcurl a buffer of at least CURL_ERROR_SIZE bytes for the sentence about a failure; it must outlive the transfer.
CURLcode ccurl_set_error_buffer(CURL *handle, char *buffer);

#ifdef __cplusplus
}
#endif

#endif
