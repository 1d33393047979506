#include "cli/event_reader.h"

#include <gtest/gtest.h>

namespace imp::cli {
namespace {

std::vector<std::string> events(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> out;
  EventReader reader([&](const StreamEvent& event) {
    out.push_back(event.id + "|" + event.name + "|" + event.data);
  });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    EXPECT_TRUE(reader.read(bytes.substr(0, piece)));
  }
  return out;
}

using Events = std::vector<std::string>;

TEST(EventReader, ReadsWhatAServerMaySend) {
  const struct {
    std::string_view bytes;
    Events told;
    const char* why;
  } cases[] = {
      {"id: 1\nevent: a\ndata: x\n\n", {"1|a|x"}, "an event"},
      {"id: 1\r\nevent: a\r\ndata: x\r\n\r\n", {"1|a|x"}, "CR LF"},
      {"id: 1\revent: a\rdata: x\r\r", {"1|a|x"}, "CR alone"},
      {"\xef\xbb\xbf"
       "data: x\n\n",
       {"|message|x"},
       "a byte order mark"},
      {"data: x\ndata:  y\ndata\n\n", {"|message|x\n y\n"}, "several lines, one without a value"},
      {": still here\n\ndata:x\n\n", {"|message|x"}, "a comment; no blank after the colon"},
      {"id: 7\n\ndata: x\n\n", {"7|message|x"}, "an id by itself is kept"},
      {"id: 7\ndata: x\n\nid\ndata: y\n\n", {"7|message|x", "|message|y"}, "an id is taken back"},
      {std::string_view("id: 7\0\ndata: x\n\n", 16), {"|message|x"}, "an id with NUL is none"},
      {"event: a\n\ndata: x\n\n", {"|message|x"}, "no data, no event, and its name is gone"},
      {"other: z\ndata: x\n\n", {"|message|x"}, "an unknown field"},
      {"data: x\n", {}, "not finished"},
  };
  for (const auto& each : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
      EXPECT_EQ(events(each.bytes, piece), each.told) << each.why << ", " << piece;
    }
  }
}

TEST(EventReader, KeepsWhatWasToldAndDropsWhatBrokeOff) {
  Events told;
  EventReader reader([&](const StreamEvent& event) { told.push_back(event.data); });
  EXPECT_EQ(reader.last_id(), "");
  EXPECT_FALSE(reader.retry());
  EXPECT_TRUE(reader.read("retry: 2000\nid: 1\n\nid: 2\ndata: a\n\nid: 3\ndata: b\n"));
  EXPECT_EQ(reader.last_id(), "2");
  EXPECT_EQ(reader.retry(), Milliseconds(2000));
  reader.begin_again();
  EXPECT_TRUE(reader.read("\ndata: c\n\nretry: soon\n\n"));
  EXPECT_EQ(told, (Events{"a", "c"}));
  EXPECT_EQ(reader.last_id(), "2");
  EXPECT_EQ(reader.retry(), Milliseconds(2000));
}

TEST(EventReader, StopsAtWhatIsTooLong) {
  EventReader line([](const StreamEvent&) { FAIL(); });
  EXPECT_FALSE(line.read("data: " + std::string(2 << 20, 'x')));
  EXPECT_FALSE(line.read("\n\n"));
  EventReader event([](const StreamEvent&) { FAIL(); });
  const std::string part = "data: " + std::string(1 << 19, 'x') + "\n";
  EXPECT_TRUE(event.read(part));
  EXPECT_FALSE(event.read(part + part + "\n"));
}

}  // namespace
}  // namespace imp::cli
