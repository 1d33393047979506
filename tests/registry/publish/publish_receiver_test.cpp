#include "registry/publish/publish_receiver.h"

#include <gtest/gtest.h>

#include "blobs/memory_store.h"
#include "tarball_fixture.h"

namespace imp::registry {
namespace {

Result<ReceivedDocument> receive(blobs::Store& store, std::string_view document,
                                 std::size_t piece = 1000) {
  PublishReceiver receiver(PackageName::for_read("pkg").value(), store, {});
  for (std::size_t at = 0; at < document.size(); at += piece) {
    const Result<void> written = receiver.write(bytes_of(document.substr(at, piece)));
    if (!written) return pass_on(written);
  }
  return receiver.finish();
}

const std::string& tarball() {
  static const std::string bytes = package_tarball(R"({"name":"pkg","version":"1.0.0"})");
  return bytes;
}

TEST(PublishReceiver, StoresTheTarballAndChecksTheRest) {
  blobs::MemoryStore store;
  const auto received = receive(store, publish_document("pkg", "1.0.0", tarball()));
  ASSERT_TRUE(received) << received.error().message;
  ASSERT_TRUE(received->candidate);
  EXPECT_EQ(blobs::read_all(store, received->candidate->tarball.sha512, 1 << 20), tarball());
}

TEST(PublishReceiver, MetadataTouchesNoStorage) {
  blobs::MemoryStore store;
  const auto received = receive(store, R"({"name":"pkg","versions":{}})");
  ASSERT_TRUE(received);
  EXPECT_FALSE(received->candidate);
  EXPECT_TRUE(received->metadata.contains("versions"));
  EXPECT_EQ(store.calls(), 0u);
}

TEST(PublishReceiver, ACutBodyLeavesNoBlob) {
  blobs::MemoryStore store;
  const std::string whole = publish_document("pkg", "1.0.0", tarball());
  for (std::size_t size : {whole.size() / 2, whole.size() - 30, whole.size() - 1}) {
    EXPECT_EQ(receive(store, whole.substr(0, size)).error().code(), "malformed_json");
  }
  EXPECT_EQ(store.size(), 0u);
}

TEST(PublishReceiver, EveryStorageFailureIsARefusal) {
  blobs::MemoryStore counted;
  const std::string document = publish_document("pkg", "1.0.0", tarball());
  ASSERT_TRUE(receive(counted, document));
  for (std::size_t call = 1; call <= counted.calls(); ++call) {
    blobs::MemoryStore store;
    store.fail_call(call);
    const auto received = receive(store, document);
    ASSERT_FALSE(received) << call;
    EXPECT_EQ(received.error().kind(), FailureKind::internal) << call;
  }
}

TEST(PublishReceiver, RefusesABadTarball) {
  blobs::MemoryStore store;
  const std::string bad = gzip("no tar");
  EXPECT_EQ(receive(store, publish_document("pkg", "1.0.0", bad)).error().code(),
            "tarball_unreadable");
  EXPECT_EQ(receive(store, R"({"name":"pkg","_attachments":{"x.sigstore":{"data":"{}"}}})")
                .error()
                .code(),
            "missing_field");
}

}  // namespace
}  // namespace imp::registry
