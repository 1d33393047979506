#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "http/client.h"

namespace imp::http {

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;

/// Performs one exchange, without following redirects, on a handle whose options it sets anew.
Result<Fetched> transfer(CURL* handle, const Fetch& fetch, const ClientOptions& options);

}  // namespace imp::http
