#include "http/body_decoder.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>

#include "http/http_refusal.h"
#include "http/request.h"

namespace imp::http {

namespace {

/// Coded bytes may exceed the decoded limit by this much (incompressible data, member heads);
/// beyond it someone feeds us empty blocks.
constexpr std::uint64_t kCodedSlack = 64 * 1024;

std::unexpected<Failure> too_large(std::uint64_t limit) {
  return refuse(HttpRefusal::body_too_large,
                fmt::format("The request body is larger than the {} bytes allowed here.", limit));
}

}  // namespace

struct BodyDecoder::Inflater {
  z_stream stream{};
  bool raw_deflate_possible = false;  ///< "deflate" is sent both with and without the zlib wrapper
  bool ended = true;                  ///< between members, where the body may stop
  bool started = false;
  bool pending = false;  ///< the last call filled all the room it had

  explicit Inflater(bool gzip) : raw_deflate_possible(!gzip) {
    if (inflateInit2(&stream, gzip ? 16 + MAX_WBITS : MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Looks at the first byte: a zlib stream starts with compression method 8 in its low bits and
  /// a window of at most 32 KiB; a raw deflate block does so only as a stored or reserved block.
  void begin(unsigned char first) {
    if (raw_deflate_possible && ((first & 0x0f) != 8 || first >> 4 > 7)) {
      inflateReset2(&stream, -MAX_WBITS);
    }
    started = true;
    ended = false;
  }
};

Result<ContentCoding> content_coding(std::string_view value) {
  if (value.empty() || equal_ignoring_case(value, "identity")) return ContentCoding::identity;
  if (equal_ignoring_case(value, "gzip") || equal_ignoring_case(value, "x-gzip")) {
    return ContentCoding::gzip;
  }
  if (equal_ignoring_case(value, "deflate")) return ContentCoding::deflate;
  return refuse(
      HttpRefusal::body_encoding_unsupported,
      "The request body's content-encoding is not understood; send gzip, deflate or none.");
}

BodyDecoder::BodyDecoder(ContentCoding coding, std::uint64_t limit) : limit_(limit) {
  if (coding != ContentCoding::identity) {
    inflater_ = std::make_unique<Inflater>(coding == ContentCoding::gzip);
  }
}

BodyDecoder::~BodyDecoder() = default;

Result<void> BodyDecoder::decode(std::string_view& raw, std::string& out, std::size_t full) {
  if (inflater_) return inflate_some(raw, out, full);
  const std::size_t room = out.size() < full ? full - out.size() : 0;
  const std::string_view taken = raw.substr(0, room);
  if (taken.size() > limit_ - decoded_) return too_large(limit_);
  out += taken;
  decoded_ += taken.size();
  raw.remove_prefix(taken.size());
  return {};
}

bool BodyDecoder::has_more() const { return inflater_ && inflater_->pending; }

Result<void> BodyDecoder::inflate_some(std::string_view& raw, std::string& out, std::size_t full) {
  z_stream& stream = inflater_->stream;
  while ((!raw.empty() || inflater_->pending) && out.size() < full) {
    if (inflater_->ended) {
      // Not pending, so there are bytes: another gzip member may follow (RFC 1952 §2.2); nothing
      // may follow a deflate body.
      if (inflater_->started && inflater_->raw_deflate_possible) {
        return refuse(HttpRefusal::body_malformed, "Bytes follow the end of the deflate body.");
      }
      if (inflater_->started) inflateReset(&stream);
      inflater_->begin(static_cast<unsigned char>(raw.front()));
    }
    const std::size_t before = out.size();
    const std::size_t step = std::min<std::size_t>(full - before, 16 * 1024);
    out.resize(before + step);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(raw.size(), 1 << 20));
    const uInt offered = stream.avail_in;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(step);
    const int outcome = inflate(&stream, Z_NO_FLUSH);
    inflater_->pending = stream.avail_out == 0 && outcome == Z_OK;
    const std::size_t produced = step - stream.avail_out;
    out.resize(before + produced);
    raw.remove_prefix(offered - stream.avail_in);
    received_ += offered - stream.avail_in;
    decoded_ += produced;
    if (decoded_ > limit_ || received_ > limit_ + kCodedSlack) return too_large(limit_);
    if (outcome == Z_STREAM_END) {
      inflater_->ended = true;
    } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
      return refuse(HttpRefusal::body_malformed,
                    "The request body is not what its content-encoding says.");
    }
  }
  return {};
}

Result<void> BodyDecoder::finish() const {
  if (inflater_ && !inflater_->ended) {
    return refuse(HttpRefusal::body_malformed,
                  "The request body ends in the middle of its compressed stream.");
  }
  return {};
}

}  // namespace imp::http
