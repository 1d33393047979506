#include "accounts/qr_code.h"

#include <fmt/format.h>
#include <qrencode.h>

#include <memory>

#include "accounts/refusal.h"
#include "base/encoding.h"

namespace imp::accounts {
namespace {

constexpr int kQuietZone = 4;  // ISO/IEC 18004 asks for four modules

using Code = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

Result<Code> encode(std::string_view text) {
  Code code(QRcode_encodeData(static_cast<int>(text.size()),
                              reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M),
            &QRcode_free);
  if (code) return code;
  return refuse(AccountRefusal::profile_invalid, "The text is too long for a QR code.");
}

bool dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[y * code.width + x] & 1) != 0;
}

}  // namespace

Result<std::string> qr_code_svg(std::string_view text, std::string_view title) {
  auto code = encode(text);
  if (!code) return pass_on(code);
  const int size = (*code)->width + 2 * kQuietZone;
  std::string path;
  for (int y = 0; y < (*code)->width; ++y) {
    for (int x = 0; x < (*code)->width; ++x) {
      if (!dark(**code, x, y)) continue;
      int run = 1;
      while (dark(**code, x + run, y)) ++run;
      path += fmt::format("M{} {}h{}v1h-{}z", x + kQuietZone, y + kQuietZone, run, run);
      x += run;
    }
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {0} {0}\" "
      "shape-rendering=\"crispEdges\"><title>{1}</title>"
      "<rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{2}\"/></svg>",
      size, html_escape(title), path);
}

Result<std::string> qr_code_text(std::string_view text) {
  auto code = encode(text);
  if (!code) return pass_on(code);
  // Dark modules are drawn as spaces: on the usual dark terminal the light ones must be the ink.
  constexpr std::string_view kBlocks[2][2] = {{"█", "▀"}, {"▄", " "}};
  std::string out;
  const int end = (*code)->width + kQuietZone;
  for (int y = -kQuietZone; y < end; y += 2) {
    for (int x = -kQuietZone; x < end; ++x) {
      out += kBlocks[dark(**code, x, y)][dark(**code, x, y + 1)];
    }
    out += '\n';
  }
  return out;
}

}  // namespace imp::accounts
