#include <cstdint>
#include <cstdlib>

#include "registry/publish/publish_decoder.h"

namespace {

struct Sink final : imp::registry::TarballSink {
  imp::Result<void> write(imp::ByteView bytes) override {
    total += bytes.size();
    return {};
  }
  std::uint64_t total = 0;
};

struct Outcome {
  bool accepted = false;
  std::uint64_t total = 0;
};

Outcome decode(imp::ByteView body, std::size_t piece) {
  Sink sink;
  imp::registry::PublishDecoder decoder(sink, {});
  for (std::size_t at = 0; at < body.size(); at += piece) {
    if (!decoder.write(body.subspan(at, std::min(piece, body.size() - at)))) return {};
  }
  const auto document = decoder.finish();
  if (document && document->tarball && document->tarball->size != sink.total) std::abort();
  return {document.has_value(), document ? sink.total : 0};
}

}  // namespace

// However the body is split, the answer is the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const imp::ByteView body(data, size);
  const Outcome whole = decode(body, size + 1);
  for (std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
    const Outcome split = decode(body, piece);
    if (split.accepted != whole.accepted || split.total != whole.total) std::abort();
  }
  return 0;
}
