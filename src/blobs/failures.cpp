#include "blobs/failures.h"

#include <system_error>

namespace imp::blobs {

std::unexpected<Failure> broken(const std::string& what, int error) {
  return refuse(BlobRefusal::broken,
                "The server could not read or write its file storage; nothing was kept. Its log "
                "says why.",
                what + ": " + std::generic_category().message(error));
}

std::unexpected<Failure> corrupt(const std::string& sha512, const std::string& why) {
  return refuse(
      BlobRefusal::corrupt,
      "A stored file is damaged and is not served. Restore it from a backup, or store the "
      "same bytes again.",
      sha512 + ": " + why);
}

std::unexpected<Failure> absent(const std::string& sha512) {
  return refuse(BlobRefusal::absent, "The file is not in the storage.", sha512);
}

Result<void> check_name(const std::string& sha512) {
  if (is_blob_name(sha512)) return {};
  return refuse(BlobRefusal::bad_name,
                "A stored file is named by its SHA-512 in 128 lower-case hexadecimal digits.",
                "got " + std::to_string(sha512.size()) + " bytes");
}

}  // namespace imp::blobs
