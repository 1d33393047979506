// The request parser, the body decoder and the router on hostile bytes. The first byte chooses how
// the rest arrives, because most bugs of such parsers sit between two reads.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/body_decoder.h"
#include "http/forwarded.h"
#include "http/prepared.h"
#include "http/request_parser.h"
#include "http/router.h"

namespace {

using namespace imp::http;

constexpr std::size_t kBodyLimit = 64 * 1024;

const Router& router() {
  static const Router made = [] {
    Router router;
    const auto none = [](const Request&) { return Response{}; };
    router.add(Method::get, "/{package}", none);
    router.add(Method::put, "/{package}/{version}", none);
    router.add(Method::get, "/{package}/-/{file}", none);
    router.add(Method::get, "/-/assets/{path...}", none);
    router.add(Method::post, "/-/v1/login", none);
    return router;
  }();
  return made;
}

void use(Request& request) {
  const auto match = router().match(request);
  if (match.route != nullptr) {
    for (const auto& [name, value] : request.captures) {
      if (value.empty() || value == ".." || value.find('\0') != std::string::npos) std::abort();
    }
  }
  static const auto prepared =
      prepare(std::string(1000, 'x'), {.content_type = "text/plain", .cache_control = "no-cache"});
  choose(*prepared, request);
  request.query("q");
  request.cookie("c");
  request.bearer();
  request.basic();
  request.form_all("f");
  static const std::vector<AddressBlock> everybody = {*AddressBlock::parse("::/0")};
  resolve_client(request, everybody.front().base, false, everybody);
}

void decode(RequestParser& parser, BodyDecoder& decoder) {
  std::string_view raw = parser.body();
  while (!raw.empty() || decoder.has_more()) {
    std::string out;
    if (!decoder.decode(raw, out, 4096)) return;
    if (out.size() > 4096) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] == 0 ? size : data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestParser parser(16 * 1024);
  std::size_t begin = 0, end = 0;
  while (begin < bytes.size()) {
    parser.reset();
    Request request;
    bool used_head = false;
    std::unique_ptr<BodyDecoder> decoder;
    while (!parser.done()) {
      const auto used = parser.feed(bytes.substr(begin, end - begin), request);
      if (!used) return 0;
      if (*used > end - begin) std::abort();
      begin += *used;
      if (parser.head_done() && !used_head) {
        used_head = true;
        use(request);
        decoder = std::make_unique<BodyDecoder>(
            content_coding(parser.content_encoding()).value_or(ContentCoding::identity),
            kBodyLimit);
      }
      if (decoder) decode(parser, *decoder);
      parser.body().clear();
      if (*used != 0 && begin < end) continue;
      if (end == bytes.size() && *used == 0) return 0;
      end = std::min(bytes.size(), end + step);
    }
  }
  return 0;
}
