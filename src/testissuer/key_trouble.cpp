#include "testissuer/key_trouble.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace imp::testissuer {

namespace {

namespace json = boost::json;

constexpr std::size_t kHuge = 4 << 20;
constexpr std::size_t kUnpacked = 64 << 20;

http::Response good(const KeyQuestion& it) { return http::json(200, it.good); }

/// Parked without a thread, then answered by `then`.
http::Response after(const KeyQuestion& it, Milliseconds wait, http::Response then) {
  if (it.request.wait_expired) return then;
  http::Response response;
  response.body = http::WaitFor{"test-issuer/never", wait};
  return response;
}

/// JSON of this many bytes that goes on in spaces.
http::Response huge(const KeyQuestion& it) {
  std::string text = json::serialize(it.good);
  text.append(kHuge, ' ');
  return http::json_text(200, std::move(text));
}

/// 64 KiB that unpack to 64 MiB.
http::Response bomb(const KeyQuestion&) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string unpacked(1 << 20, ' '), packed;
  std::string piece(1 << 16, '\0');
  for (std::size_t done = 0; done < kUnpacked; done += unpacked.size()) {
    stream.next_in = reinterpret_cast<Bytef*>(unpacked.data());
    stream.avail_in = static_cast<uInt>(unpacked.size());
    const bool last = done + unpacked.size() >= kUnpacked;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
      packed.append(piece, 0, piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  http::Response response = http::json_text(200, std::move(packed));
  response.header("content-encoding", "gzip");
  return response;
}

http::Response with_keys(const KeyQuestion& it, json::array keys) {
  return it.keys ? http::json(200, json::object{{"keys", std::move(keys)}}) : good(it);
}

json::array foreign_keys(const KeyQuestion& it) {
  return json::parse(it.foreign_jwks).at("keys").as_array();
}

constexpr std::array kTroubles = {
    KeyTrouble{"none", "answers as it should", good},
    KeyTrouble{"error", "status 500",
               [](const KeyQuestion&) { return http::text(500, "broken\n"); }},
    KeyTrouble{"redirect", "sends elsewhere, to the same document",
               [](const KeyQuestion& it) {
                 http::Response response = http::text(302, "");
                 // Only a client that follows gets there.
                 response.header("location", std::string(elsewhere(it.keys)) + it.issuer);
                 return response;
               }},
    KeyTrouble{"html", "a page, with the content type of one",
               [](const KeyQuestion&) { return http::html(200, "<html></html>\n"); }},
    KeyTrouble{"content-type", "the right document with a wrong content type",
               [](const KeyQuestion& it) { return http::text(200, json::serialize(it.good)); }},
    KeyTrouble{"malformed", "JSON that ends too early",
               [](const KeyQuestion&) { return http::json_text(200, "{\"keys\": ["); }},
    KeyTrouble{"huge", "4 MiB of JSON", huge},
    KeyTrouble{"gzip-bomb", "64 MiB in 64 KiB", bomb},
    KeyTrouble{"slow", "the right answer, after 30 seconds",
               [](const KeyQuestion& it) { return after(it, std::chrono::seconds(30), good(it)); }},
    KeyTrouble{"silent", "no answer for ten minutes",
               [](const KeyQuestion& it) {
                 return after(it, std::chrono::minutes(10), http::text(504, "silence\n"));
               }},
    KeyTrouble{"other-issuer", "the discovery document of another issuer",
               [](const KeyQuestion& it) {
                 json::object document = it.good;
                 if (!it.keys) document["issuer"] = "https://issuer.elsewhere.example";
                 return http::json(200, document);
               }},
    KeyTrouble{"other-host", "discovery names a key set on another host",
               [](const KeyQuestion& it) {
                 json::object document = it.good;
                 if (!it.keys) document["jwks_uri"] = "https://keys.elsewhere.example/jwks";
                 return http::json(200, document);
               }},
    KeyTrouble{"no-keys", "an empty key set",
               [](const KeyQuestion& it) { return with_keys(it, {}); }},
    KeyTrouble{"other-keys", "another key under the same id",
               [](const KeyQuestion& it) { return with_keys(it, foreign_keys(it)); }},
    KeyTrouble{"kid-clash", "two keys with the same id",
               [](const KeyQuestion& it) {
                 if (!it.keys) return good(it);
                 json::array keys = it.good.at("keys").as_array();
                 for (const json::value& key : foreign_keys(it)) keys.push_back(key);
                 return with_keys(it, std::move(keys));
               }},
    KeyTrouble{"private-key", "the key set has what should be private",
               [](const KeyQuestion& it) {
                 if (!it.keys) return good(it);
                 json::array keys = it.good.at("keys").as_array();
                 keys.at(0).as_object()["d"] = "c2VjcmV0";
                 return with_keys(it, std::move(keys));
               }},
};

}  // namespace

std::string_view elsewhere(bool keys) {
  return keys ? "/elsewhere/jwks" : "/elsewhere/configuration";
}

std::span<const KeyTrouble> key_troubles() { return kTroubles; }

const KeyTrouble* key_trouble_named(std::string_view name) {
  const auto found = std::ranges::find(kTroubles, name, &KeyTrouble::name);
  return found == kTroubles.end() ? nullptr : &*found;
}

}  // namespace imp::testissuer
