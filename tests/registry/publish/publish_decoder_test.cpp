#include "registry/publish/publish_decoder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "tarball_fixture.h"

namespace imp::registry {
namespace {

const std::string& tarball() {
  static const std::string bytes = package_tarball(R"({"name":"a","version":"1.0.0"})");
  return bytes;
}

TEST(PublishDecoder, TakesTheDocumentApartAtEveryChunkSize) {
  const std::string document = publish_document("a", "1.0.0", tarball());
  for (std::size_t piece = 1; piece < 70; ++piece) {
    MemorySink sink;
    const auto decoded = decode(document, sink, piece);
    ASSERT_TRUE(decoded) << piece << decoded.error().message;
    EXPECT_EQ(sink.bytes, tarball());
    EXPECT_TRUE(decoded->has_attachments);
    EXPECT_FALSE(decoded->metadata.contains("_attachments"));
    EXPECT_EQ(decoded->metadata.at("name"), "a");
    ASSERT_TRUE(decoded->tarball);
    EXPECT_EQ(decoded->tarball->key, "a-1.0.0.tgz");
    EXPECT_EQ(decoded->tarball->declared_length, tarball().size());
    EXPECT_EQ(decoded->tarball->size, tarball().size());
    EXPECT_EQ(decoded->tarball->sha512, crypto::sha512(bytes_of(tarball())));
    EXPECT_EQ(decoded->tarball->sha1, crypto::sha1(bytes_of(tarball())));
    EXPECT_FALSE(decoded->provenance);
  }
}

TEST(PublishDecoder, TakesTheDocumentApartAtRandomSplits) {
  const std::string document = publish_document("@acme/pkg", "1.0.0", tarball());
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    MemorySink sink;
    PublishDecoder decoder(sink, {});
    for (std::size_t at = 0; at < document.size();) {
      const std::size_t size = 1 + random() % 300;
      ASSERT_TRUE(decoder.write(bytes_of(std::string_view(document).substr(at, size))));
      at += size;
    }
    ASSERT_TRUE(decoder.finish());
    ASSERT_EQ(sink.bytes, tarball());
  }
}

TEST(PublishDecoder, AttachmentsMayComeFirst) {
  MemorySink sink;
  const auto decoded = decode(R"({"_attachments":{"a-1.0.0.tgz":{"data":"aGk=","length":2}},)"
                              R"("name":"a"})",
                              sink, 3);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(sink.bytes, "hi");
  EXPECT_EQ(decoded->metadata.at("name"), "a");
}

TEST(PublishDecoder, SlashesMayBeEscaped) {
  MemorySink sink;
  const auto decoded = decode(R"({"_attachments":{"a.tgz":{"data":"\/\u002f\/\/"}}})", sink, 1);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(hex(bytes_of(sink.bytes)), "ffffff");
}

TEST(PublishDecoder, KeepsTheProvenanceAsText) {
  MemorySink sink;
  const auto decoded = decode(
      R"({"_attachments":{"a-1.0.0.sigstore":{"content_type":"application/x","data":"{\"a\":1}",)"
      R"("length":7},"a-1.0.0.tgz":{"data":"aGk="}}})",
      sink, 2);
  ASSERT_TRUE(decoded);
  ASSERT_TRUE(decoded->provenance);
  EXPECT_EQ(decoded->provenance->bundle, R"({"a":1})");
  EXPECT_EQ(decoded->provenance->content_type, "application/x");
  EXPECT_EQ(decoded->provenance->declared_length, 7u);
  EXPECT_EQ(sink.bytes, "hi");
}

TEST(PublishDecoder, MetadataAloneIsNoPublish) {
  MemorySink sink;
  for (const char* document : {R"({"name":"a"})", R"({"name":"a","_attachments":{}})"}) {
    const auto decoded = decode(document, sink);
    ASSERT_TRUE(decoded);
    EXPECT_FALSE(decoded->has_attachments);
    EXPECT_FALSE(decoded->tarball);
  }
}

TEST(PublishDecoder, DataElsewhereIsNotATarball) {
  MemorySink sink;
  const auto decoded =
      decode(R"({"versions":{"x":{"data":"no!"}},"x":{"_attachments":{"a":{"data":"no!"}}},)"
             R"("_attachments":{"a.tgz":{"more":{"data":"no!"},"data":"aGk="}}})",
             sink, 4);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(sink.bytes, "hi");
}

struct Refused {
  const char* document;
  const char* code;
};

TEST(PublishDecoder, Refuses) {
  const std::vector<Refused> table = {
      {R"([])", "bad_field"},
      {R"("x")", "bad_field"},
      {R"({"name":"a")", "malformed_json"},
      {R"({"name":"a"} x)", "malformed_json"},
      {R"({"name":"a","name":"b"})", "duplicate_key"},
      {R"({"_attachments":{},"_attachments":{"a":{"data":"aGk="}}})", "duplicate_key"},
      {R"({"_attachments":{},"_\u0061ttachments":{}})", "duplicate_key"},
      {R"({"_attachments":{"a":{"data":"aGk=","data":"aGk="}}})", "duplicate_key"},
      {R"({"_attachments":{"a":{"data":"aGk="},"a":{"data":"aGk="}}})", "duplicate_key"},
      {R"({"_attachments":{"a":{"data":"aGk="},"b":{"data":"aGk="}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":""},"b":{"data":""}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":5}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":["aGk="]}}})", "bad_field"},
      {R"({"_attachments":{"a":{"length":3}}})", "bad_field"},
      {R"({"_attachments":{"a":"aGk="}})", "bad_field"},
      {R"({"_attachments":[]})", "bad_field"},
      {R"({"_attachments":null})", "bad_field"},
      {R"({"_attachments":{"a":{"data":"aGk=","length":-1}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":"aGk=","length":1.5}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":"aGk=","length":"2"}}})", "bad_field"},
      {R"({"_attachments":{"a":{"data":"aGk"}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"aGl="}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"aG k"}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"aGk=aGk="}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"aGk_"}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"\u00e9"}}})", "bad_base64"},
      {R"({"_attachments":{"a":{"data":"aGk=)", "malformed_json"},
      {"{\"_attachments\":{\"a\":{\"data\":\"aG\nk=\"}}}", "malformed_json"},
      {R"({"_attachments":{"a.sigstore":{"data":"{}"},"b.sigstore":{"data":"{}"}}})", "bad_field"},
  };
  for (const Refused& row : table) {
    for (std::size_t piece : {1u, 5u, 4096u}) {
      MemorySink sink;
      const auto decoded = decode(row.document, sink, piece);
      ASSERT_FALSE(decoded) << row.document;
      EXPECT_EQ(decoded.error().code(), row.code) << row.document << decoded.error().message;
    }
  }
}

TEST(PublishDecoder, SaysWhereTheBase64Breaks) {
  MemorySink sink;
  const auto decoded = decode(R"({"_attachments":{"a.tgz":{"data":"aGkh*"}}})", sink);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("character 4"), std::string::npos);
  EXPECT_NE(decoded.error().message.find("_attachments/a.tgz/data"), std::string::npos);
}

TEST(PublishDecoder, KeepsItsLimits) {
  DecodeLimits limits;
  limits.metadata_bytes = 1000;
  limits.tarball_bytes = 1000;
  MemorySink sink;
  const std::string readme = R"({"readme":")" + std::string(2000, 'x') + R"("})";
  EXPECT_EQ(decode(readme, sink, 100, limits).error().code(), "document_too_large");
  const std::string bundle =
      R"({"_attachments":{"a.sigstore":{"data":")" + std::string(2000, 'x') + R"("}}})";
  EXPECT_EQ(decode(bundle, sink, 100, limits).error().code(), "document_too_large");
  const std::string data = base64(Bytes(1001));
  const std::string big = R"({"_attachments":{"a.tgz":{"data":")" + data + R"("}}})";
  EXPECT_EQ(decode(big, sink, 100, limits).error().code(), "tarball_too_large");
}

TEST(PublishDecoder, AfterAFailureItStaysFailed) {
  MemorySink sink;
  PublishDecoder decoder(sink, {});
  EXPECT_FALSE(decoder.write(bytes_of("{]")));
  EXPECT_FALSE(decoder.write(bytes_of("{}")));
  EXPECT_EQ(decoder.finish().error().code(), "malformed_json");
}

TEST(PublishDecoder, AFailingSinkEndsIt) {
  struct Broken final : TarballSink {
    Result<void> write(ByteView) override {
      return std::unexpected(Failure{{"disk_full", FailureKind::internal}, "no", ""});
    }
  } sink;
  EXPECT_EQ(decode(R"({"_attachments":{"a":{"data":"aGk="}}})", sink).error().code(), "disk_full");
}

struct CountingSink final : TarballSink {
  Result<void> write(ByteView bytes) override {
    total += bytes.size();
    largest = std::max(largest, bytes.size());
    return {};
  }
  std::uint64_t total = 0;
  std::size_t largest = 0;
};

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// A tarball of 200 MB that is never in memory as a whole.
TEST(PublishDecoder, MemoryIsFlatForLargeTarballs) {
  constexpr std::uint64_t size = 200ULL * 1000 * 1000 / 48 * 48;
  const std::string chunk = base64(Bytes(48 * 1024, 0x5a));
  CountingSink sink;
  PublishDecoder decoder(sink, {});
  ASSERT_TRUE(decoder.write(bytes_of(R"({"name":"a","_attachments":{"a.tgz":{"data":")")));
  ASSERT_TRUE(decoder.write(bytes_of(chunk)));
  const long before = peak_kilobytes();
  std::uint64_t sent = 48 * 1024;
  while (sent < size) {
    ASSERT_TRUE(decoder.write(bytes_of(chunk)));
    sent += 48 * 1024;
  }
  ASSERT_TRUE(decoder.write(bytes_of(R"("}}})")));
  const auto decoded = decoder.finish();
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(sink.total, sent);
  EXPECT_EQ(decoded->tarball->size, sent);
  EXPECT_LE(sink.largest, 64u * 1024);
  EXPECT_LT(peak_kilobytes() - before, 8 * 1024);
}

}  // namespace
}  // namespace imp::registry
