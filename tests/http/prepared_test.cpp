#include "http/prepared.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

namespace imp::http {
namespace {

const std::string kDocument = R"({"name":"lodash","versions":{)" + std::string(4000, 'x') + "}}";

std::shared_ptr<const Prepared> packument() {
  return prepare(kDocument, {.content_type = "application/json",
                             .cache_control = "public, max-age=300",
                             .vary = "Accept, Accept-Encoding",
                             .extra = {{"x-extra", "yes"}}});
}

Request asking(Headers headers, Method method = Method::get) {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  return request;
}

TEST(Prepared, HoldsCompleteHeads) {
  const auto prepared = packument();
  EXPECT_EQ(
      prepared->head_identity,
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\netag: " + prepared->etag_identity +
          "\r\ncache-control: public, max-age=300\r\nvary: Accept, Accept-Encoding\r\n"
          "x-extra: yes\r\ncontent-length: " +
          std::to_string(kDocument.size()) + "\r\nx-content-type-options: nosniff\r\n\r\n");
  EXPECT_NE(prepared->head_gzip.find("content-encoding: gzip\r\n"), std::string::npos);
  EXPECT_TRUE(prepared->head_304_gzip.starts_with("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_EQ(prepared->head_304_gzip.find("content-length"), std::string::npos);
  EXPECT_NE(prepared->head_304_gzip.find("etag: " + prepared->etag_gzip), std::string::npos);
  EXPECT_NE(prepared->etag_gzip, prepared->etag_identity);
}

TEST(Prepared, GzipIsTheSameDocument) {
  const auto prepared = packument();
  ASSERT_LT(prepared->gzip.size(), kDocument.size());
  std::string out(kDocument.size(), '\0');
  libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
  EXPECT_EQ(libdeflate_gzip_decompress(decompressor, prepared->gzip.data(), prepared->gzip.size(),
                                       out.data(), out.size(), nullptr),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(decompressor);
  EXPECT_EQ(out, kDocument);
}

TEST(Prepared, LeavesOutGzipThatDoesNotHelp) {
  EXPECT_TRUE(prepare("x", {.content_type = "text/plain"})->gzip.empty());
  EXPECT_TRUE(prepare("", {.content_type = "text/plain"})->gzip.empty());
  EXPECT_TRUE(prepare(kDocument, {.content_type = "text/plain", .compress = false})->gzip.empty());
}

TEST(Prepared, EtagsDependOnBytesAndType) {
  const auto json = prepare("{}", {.content_type = "application/json"});
  EXPECT_EQ(json->etag_identity,
            prepare("{}", {.content_type = "application/json"})->etag_identity);
  EXPECT_NE(json->etag_identity, prepare("{}", {.content_type = "text/plain"})->etag_identity);
  EXPECT_NE(json->etag_identity,
            prepare("[]", {.content_type = "application/json"})->etag_identity);
  EXPECT_TRUE(json->etag_identity.starts_with('"'));  // strong
}

TEST(Prepared, ChoosesTheCodingTable) {
  const auto prepared = packument();
  const struct {
    std::optional<const char*> header;
    bool gzip;
  } table[] = {
      {std::nullopt, false},
      {"", false},
      {"gzip", true},
      {"GZIP", true},
      {"x-gzip", true},
      {"gzip, deflate, br", true},
      {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
      {"gzip;q=0", false},
      {"gzip; q=0.000", false},
      {"gzip;q=0.001", true},
      {"*", true},
      {"*;q=0", false},
      {"identity", false},
      {"identity, gzip", true},  // a tie: the smaller one
      {"identity;q=1, gzip;q=0.5", false},
      {"identity;q=0.5, gzip;q=0.5", true},
      {"identity;q=0, gzip;q=0.1", true},
      {"gzip;q=0, *", false},  // "*" is for what is not named
      {"br, deflate", false},
      {"gzip;q=1.5", false},  // not a weight
      {"gzip;q=abc", false},
      {"gzip;q=0.1234", false},  // more than three decimals
      {"gzipp", false},
      {"gzip;level=9;q=0.5", true},
      {",,gzip,,", true},
  };
  for (const auto& row : table) {
    Request request = row.header ? asking({{"Accept-Encoding", *row.header}}) : asking({});
    const auto choice = choose(*prepared, request);
    EXPECT_EQ(choice.body == prepared->gzip, row.gzip) << row.header.value_or("(none)");
    EXPECT_EQ(choice.head, row.gzip ? &prepared->head_gzip : &prepared->head_identity);
  }
}

TEST(Prepared, RevalidatesTable) {
  const auto prepared = packument();
  const std::string& tag = prepared->etag_identity;
  const struct {
    std::string header;
    int status;
  } table[] = {
      {tag, 304},
      {"W/" + tag, 304},  // weak comparison
      {"*", 304},
      {"\"other\", " + tag, 304},
      {"\"with, comma\",W/\"x\"," + tag, 304},  // commas are legal inside a tag
      {"\"other\"", 200},
      {prepared->etag_gzip, 200},            // another representation
      {tag.substr(1, tag.size() - 2), 200},  // without quotes it is no tag
      {"\"unterminated", 200},
      {"", 200},
  };
  for (const auto& row : table) {
    const auto choice = choose(*prepared, asking({{"If-None-Match", row.header}}));
    EXPECT_EQ(choice.status, row.status) << row.header;
    if (row.status == 304) {
      EXPECT_EQ(choice.body, "");
      EXPECT_EQ(choice.head, &prepared->head_304_identity);
    }
  }
  const auto gzip = choose(
      *prepared, asking({{"If-None-Match", prepared->etag_gzip}, {"Accept-Encoding", "gzip"}}));
  EXPECT_EQ(gzip.head, &prepared->head_304_gzip);
  // Two lines are one list.
  EXPECT_EQ(choose(*prepared, asking({{"If-None-Match", "\"a\""}, {"if-none-match", tag}})).status,
            304);
}

TEST(Prepared, HeadHasTheHeadOfGet) {
  const auto prepared = packument();
  const auto choice = choose(*prepared, asking({}, Method::head));
  EXPECT_EQ(choice.status, 200);
  EXPECT_EQ(choice.body, "");
  EXPECT_EQ(choice.head, &prepared->head_identity);
}

}  // namespace
}  // namespace imp::http
