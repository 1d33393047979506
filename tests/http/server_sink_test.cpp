#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "http/test_server.h"

namespace imp::http::test {
namespace {

enum class Refusal { not_yours };
Reason reason(Refusal) { return {"not_yours", FailureKind::forbidden}; }
enum class Full { full };
Reason reason(Full) { return {"disk_full", FailureKind::unavailable}; }

std::string gzip_of(const std::string& text) {
  return prepare(text, {.content_type = "text/plain"})->gzip;
}

/// What the sinks of a test saw.
struct SinkRecord {
  std::atomic<std::size_t> bytes = 0;
  std::atomic<std::size_t> largest = 0;
  std::atomic<int> alive = 0;
  std::atomic<int> finished = 0;
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  std::atomic<std::size_t> fail_after = std::size_t(-1);
  std::atomic<std::size_t> throw_after = std::size_t(-1);
  std::function<void()> on_write = [] {};
};

class CountingSink final : public BodySink {
 public:
  explicit CountingSink(SinkRecord& record) : record_(record) { ++record_.alive; }
  ~CountingSink() override { --record_.alive; }

  Result<void> write(ByteView bytes) override {
    if (++record_.inside != 1) record_.overlapped = true;
    record_.bytes += bytes.size();
    record_.largest = std::max<std::size_t>(record_.largest, bytes.size());
    record_.on_write();
    --record_.inside;
    if (record_.bytes > record_.throw_after) throw std::runtime_error("sink broke");
    if (record_.bytes > record_.fail_after) return refuse(Full::full, "The disk is full.");
    return {};
  }
  Response finish() override {
    ++record_.finished;
    return text(201, std::to_string(record_.bytes));
  }

 private:
  SinkRecord& record_;
};

/// Lets somebody else answer, when it is gone itself.
class LaterSink final : public BodySink {
 public:
  LaterSink(SinkRecord& record, std::vector<std::jthread>& threads)
      : record_(record), threads_(threads) {
    ++record_.alive;
  }
  ~LaterSink() override { --record_.alive; }

  Result<void> write(ByteView bytes) override {
    size_ += bytes.size();
    return {};
  }
  Response finish() override {
    return later([size = size_, &record = record_, &threads = threads_](Reply reply) {
      if (size == 7) throw std::runtime_error("nobody answers");
      threads.emplace_back([size, &record, reply = std::move(reply)]() mutable {
        reply(text(201, fmt::format("{} bytes, {} alive", size, record.alive.load())));
      });
    });
  }

 private:
  SinkRecord& record_;
  std::vector<std::jthread>& threads_;
  std::size_t size_ = 0;
};

class ServerSink : public ServerTest {
 protected:
  ServerSink() {
    const auto factory =
        [this](const Request& request) -> std::expected<std::unique_ptr<BodySink>, Response> {
      if (request.bearer() == "wrong") {
        Response answer = failure(refuse(Refusal::not_yours, "Not your package.").error());
        answer.header("x-why", "the head alone");
        return std::unexpected(std::move(answer));
      }
      return std::make_unique<CountingSink>(record);
    };
    router.add_sink(Method::put, "/upload", factory, {.body_limit = 300 << 20});
    router.add_sink(Method::put, "/later",
                    [this](const Request&) { return std::make_unique<LaterSink>(record, threads); },
                    {.body_limit = 300 << 20});
    router.add_sink(Method::put, "/small", factory, {.body_limit = 1000});
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
  }
  static std::string head(std::string_view path, std::size_t size, std::string_view more = {}) {
    return "PUT " + std::string(path) +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n" +
           std::string(more) + "\r\n";
  }
  SinkRecord record;
  std::vector<std::jthread> threads;  ///< which answer for a LaterSink
};

// Of a body that comes in one piece and of one that comes in several.
TEST_F(ServerSink, SomebodyElseMayAnswerWhenTheSinkIsGone) {
  start();
  RawClient client(port());
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{500'000}}) {
    const RawAnswer answer = client.ask(head("/later", size) + std::string(size, 'x'));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.body, std::to_string(size) + " bytes, 0 alive");
  }
  EXPECT_EQ(client.ask(head("/later", 7) + "nothing").status, 500);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(ServerSink, ReceivesTheBodyInOrderAndAnswers) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(head("/upload", 500'000) + std::string(500'000, 'x'));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "500000");
  EXPECT_LE(record.largest, 256U * 1024);
  EXPECT_FALSE(record.overlapped);
  EXPECT_EQ(client.ask(head("/upload", 0)).status, 201);  // an empty body is finished too
  EXPECT_TRUE(eventually([&] { return record.alive == 0; }));
}

std::size_t resident_bytes() {
  // Without a stream: its buffers would be part of what is measured.
  char line[100] = {};
  const int statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const auto size = ::read(statm, line, sizeof line - 1);
  ::close(statm);
  std::size_t total = 0, resident = 0;
  if (size <= 0 || std::sscanf(line, "%zu %zu", &total, &resident) != 2) return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(ServerSink, TwoHundredMegabytesNeedNoMemory) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.ask(head("/upload", 1 << 20) + std::string(1 << 20, 'x')).status, 201);
  record.bytes = 0;
  const std::size_t before = resident_bytes();
  ASSERT_GT(before, 0U);
  std::atomic<std::size_t> peak = 0;
  record.on_write = [&] { peak = std::max<std::size_t>(peak, resident_bytes()); };
  constexpr std::size_t size = 200 << 20;
  client.send(head("/upload", size));
  const std::string piece(1 << 20, 'x');
  for (std::size_t sent = 0; sent < size; sent += piece.size()) ASSERT_TRUE(client.send(piece));
  EXPECT_EQ(client.read().body, std::to_string(size));
  // A few megabytes without a sanitizer; AddressSanitizer keeps freed blocks for a while.
  EXPECT_LT(peak, before + (48 << 20));
}

TEST_F(ServerSink, ABombStreamsInSmallPieces) {
  start();
  const std::string bomb = gzip_of(std::string(100 << 20, '\0'));
  const RawAnswer answer = ask(head("/upload", bomb.size(), "Content-Encoding: gzip\r\n") + bomb);
  EXPECT_EQ(answer.body, std::to_string(100 << 20));
  EXPECT_LE(record.largest, 256U * 1024);
  EXPECT_EQ(ask(head("/small", bomb.size(), "Content-Encoding: gzip\r\n") + bomb).status, 413);
  EXPECT_TRUE(eventually([&] { return record.alive == 0; }));
  EXPECT_EQ(record.finished, 1);
}

TEST_F(ServerSink, TheFactoryRefusesBeforeTheBody) {
  start();
  RawClient client(port());
  client.send(head("/upload", 3, "Expect: 100-continue\r\nAuthorization: Bearer wrong\r\n"));
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("not_yours"), std::string::npos);
  EXPECT_EQ(answer.header("x-why"), "the head alone");
  EXPECT_EQ(record.alive, 0);
  // Without the expectation the body is on its way: it is dropped, and the connection stays.
  RawClient second(port());
  EXPECT_EQ(second
                .ask(head("/upload", 100'000, "Authorization: Bearer wrong\r\n") +
                     std::string(100'000, 'x'))
                .status,
            403);
  EXPECT_EQ(second.ask(get("/hello")).body, "hello");
  EXPECT_EQ(second.ask(head("/upload", 3, "Authorization: Bearer wrong\r\n") + "abc").status, 403);
  EXPECT_EQ(second.ask(get("/hello")).body, "hello");
  EXPECT_EQ(record.bytes, 0U);
  // Accepted: now the body is asked for.
  RawClient third(port());
  third.send(head("/upload", 3, "Expect: 100-continue\r\n"));
  EXPECT_EQ(third.read().status, 100);
  EXPECT_EQ(third.ask("abc").status, 201);
}

TEST_F(ServerSink, AFailureIsAnsweredAfterTheRestIsDropped) {
  record.fail_after = 200'000;
  start();
  RawClient client(port());
  client.send(head("/upload", 20'000'000));
  // A client that sends everything before it reads must get the answer, not a reset.
  ASSERT_TRUE(client.send(std::string(20'000'000, 'x')));
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("disk_full"), std::string::npos);
  EXPECT_LT(record.bytes, 1'000'000U);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
  EXPECT_EQ(record.alive, 0);
  EXPECT_EQ(record.finished, 0);
}

TEST_F(ServerSink, AnExceptionInASinkIsA500) {
  record.throw_after = 0;
  start();
  EXPECT_EQ(ask(head("/upload", 10) + "0123456789").status, 500);
  EXPECT_TRUE(log.has("error=sink broke"));
  EXPECT_EQ(record.alive, 0);
}

TEST_F(ServerSink, AClientThatLeavesDestroysTheSinkUnfinished) {
  start();
  {
    RawClient client(port());
    client.send(head("/upload", 10'000'000) + std::string(1'000'000, 'x'));
    EXPECT_TRUE(eventually([&] { return record.bytes > 0; }));
    client.reset_on_close();
  }
  EXPECT_TRUE(eventually([&] { return record.alive == 0; }));
  EXPECT_EQ(record.finished, 0);
}

TEST_F(ServerSink, AStalledUploadDestroysTheSink) {
  options.body_stall_timeout = Milliseconds(150);
  start();
  RawClient client(port());
  client.send(head("/upload", 10'000'000) + std::string(1000, 'x'));
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(eventually([&] { return record.alive == 0; }));
}

// Read before the sink is made, so there is nothing to undo.
TEST_F(ServerSink, ASmallBodyThatDoesNotComeMakesNoSink) {
  options.body_stall_timeout = Milliseconds(150);
  start();
  RawClient stalled(port());
  stalled.send(head("/upload", 1000) + "x");
  EXPECT_EQ(stalled.read().status, 408);
  {
    RawClient leaves(port());
    leaves.send(head("/upload", 1000) + "x");
    leaves.reset_on_close();
  }
  EXPECT_EQ(ask(get("/hello")).body, "hello");
  EXPECT_EQ(record.bytes, 0U);
  EXPECT_EQ(record.alive, 0);
}

TEST_F(ServerSink, ASmallBodyThatUnpacksToALargeOneStreams) {
  start();
  const std::string bomb = gzip_of(std::string(30 << 20, '\0'));
  ASSERT_LT(bomb.size(), 64U * 1024);
  const RawAnswer answer = ask(head("/upload", bomb.size(), "Content-Encoding: gzip\r\n") + bomb);
  EXPECT_EQ(answer.body, std::to_string(30 << 20));
  EXPECT_LE(record.largest, 256U * 1024);
}

TEST_F(ServerSink, ASlowSinkHoldsTheClientBack) {
  start();
  std::atomic<std::size_t> sent = 0;
  std::atomic<bool> open = false;
  record.on_write = [&] {
    while (!open) std::this_thread::sleep_for(Milliseconds(5));
  };
  RawClient client(port());
  client.send(head("/upload", 100 << 20));
  std::thread sender([&] {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 100 && client.send(piece); ++i) sent += piece.size();
  });
  std::this_thread::sleep_for(Milliseconds(500));
  // What has left the client is in the sockets' buffers, not in the server's memory.
  EXPECT_LT(sent, 64U << 20);
  open = true;
  sender.join();
  EXPECT_EQ(client.read().body, std::to_string(100 << 20));
}

}  // namespace
}  // namespace imp::http::test
