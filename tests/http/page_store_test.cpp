#include "http/page_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "http/prepared.h"

namespace imp::http {
namespace {

std::string read(const FileBody& body) {
  std::string bytes(body.size, '\0');
  const ssize_t size =
      ::pread(*body.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(body.offset));
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return bytes;
}

std::uint64_t memory_of(const FileBody& body) {
  struct stat facts{};
  ::fstat(*body.descriptor, &facts);
  return static_cast<std::uint64_t>(facts.st_blocks) * 512;
}

TEST(PageStore, KeepsBytesApart) {
  const auto pages = PageStore::create();
  std::vector<std::string> texts;
  std::vector<FileBody> bodies;
  for (const std::size_t size : {1, 4095, 4096, 4097, 100'000}) {
    texts.push_back(std::string(size, static_cast<char>('a' + texts.size())));
    bodies.push_back(*pages->keep(texts.back()));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(read(bodies[i]), texts[i]) << i;
}

TEST(PageStore, GivesMemoryBackWithTheLastCopy) {
  const auto pages = PageStore::create();
  const FileBody stays = *pages->keep("stays");
  const std::uint64_t before = memory_of(stays);
  std::optional<FileBody> first = pages->keep(std::string(1'000'000, 'x'));
  std::optional<FileBody> second = first;
  EXPECT_GE(memory_of(stays), before + 1'000'000);
  first.reset();
  EXPECT_GE(memory_of(stays), before + 1'000'000);
  second.reset();
  EXPECT_EQ(memory_of(stays), before);
  EXPECT_EQ(read(stays), "stays");
}

TEST(PageStore, ABodyOutlivesItsStore) {
  auto pages = PageStore::create();
  const FileBody body = *pages->keep("bytes");
  pages.reset();
  EXPECT_EQ(read(body), "bytes");
}

TEST(PageStore, ManyThreadsKeepAtOnce) {
  const auto pages = PageStore::create();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string text(static_cast<std::size_t>(1000 * thread + 37 * i + 1),
                               static_cast<char>('a' + thread));
        const auto body = pages->keep(text);
        ASSERT_TRUE(body);
        EXPECT_EQ(read(*body), text);
      }
    });
  }
}

TEST(PageStore, PreparedPutsOnlyLargerFormsThere) {
  const auto pages = PageStore::create();
  const std::string document(100'000, 'd');  // its gzip form is small
  const auto plain = prepare(document, {.content_type = "text/plain"});
  const auto paged = prepare(document, {.content_type = "text/plain", .pages = pages});
  EXPECT_FALSE(plain->identity_file);
  ASSERT_TRUE(paged->identity_file);
  EXPECT_EQ(read(*paged->identity_file), document);
  EXPECT_TRUE(paged->identity.empty());
  EXPECT_FALSE(paged->gzip_file);
  EXPECT_EQ(paged->gzip, plain->gzip);
  EXPECT_EQ(paged->head_identity, plain->head_identity);
  EXPECT_EQ(paged->head_gzip, plain->head_gzip);
  EXPECT_EQ(paged->bytes(), plain->bytes());

  Request request;
  EXPECT_EQ(choose(*paged, request).file, &*paged->identity_file);
  request.headers = {{"accept-encoding", "gzip"}};
  EXPECT_EQ(choose(*paged, request).file, nullptr);
  EXPECT_EQ(choose(*paged, request).body, paged->gzip);
  request.headers = {{"if-none-match", paged->etag_identity}};
  EXPECT_EQ(choose(*paged, request).status, 304);
  EXPECT_EQ(choose(*paged, request).file, nullptr);
  request.headers = {};
  request.method = Method::head;
  EXPECT_EQ(choose(*paged, request).file, nullptr);
}

}  // namespace
}  // namespace imp::http
