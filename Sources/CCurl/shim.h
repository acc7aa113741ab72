// The part of libcurl that sends mail. Its options take values of any type as varargs, which Swift cannot
// call, so each type has a function here.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <string.h>

static inline CURLcode hif_curl_begin(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode hif_curl_text(CURL *curl, CURLoption option, const char *text) {
    return curl_easy_setopt(curl, option, text);
}

static inline CURLcode hif_curl_number(CURL *curl, CURLoption option, long number) {
    return curl_easy_setopt(curl, option, number);
}

static inline CURLcode hif_curl_list(CURL *curl, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(curl, option, list);
}

// The code of the server's last answer; 0 for none.
static inline long hif_curl_answer(CURL *curl) {
    long code = 0;
    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0;
}

// Bytes that are sent, and how many of them were.
struct hif_curl_bytes {
    const char *bytes;
    size_t count;
    size_t sent;
};

static inline size_t hif_curl_read(char *buffer, size_t size, size_t count, void *from) {
    struct hif_curl_bytes *rest = (struct hif_curl_bytes *)from;
    size_t room = size * count, left = rest->count - rest->sent;
    if (left > room) left = room;
    memcpy(buffer, rest->bytes + rest->sent, left);
    rest->sent += left;
    return left;
}

// `rest` and what it names have to stay until the transfer is over.
static inline CURLcode hif_curl_upload(CURL *curl, struct hif_curl_bytes *rest) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_READFUNCTION, hif_curl_read);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_READDATA, rest);
    return code;
}
