package sigv4

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strings"
)

// nvme is the polynomial of CRC-64/NVME, reflected.
const nvme = 0x9a6c9329ac4bc9b5

const checksumPrefix = "x-amz-checksum-"

// newChecksum gives one of S3's checksums by the end of its header's name.
func newChecksum(name string) (hash.Hash, bool) {
	switch name {
	case "crc32":
		return crc32.NewIEEE(), true
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli)), true
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(nvme)), true
	case "sha1":
		return sha1.New(), true
	case "sha256":
		return sha256.New(), true
	}
	return nil, false
}

// A trailer collects the lines behind the last chunk, and the checksums of the data that
// they are to name.
type trailer struct {
	announced []string // by X-Amz-Trailer, in lower case
	sums      map[string]hash.Hash
	values    map[string]string
	canonical string // the lines as they are signed
	signature string
}

func newTrailer(headers []string) *trailer {
	t := &trailer{sums: map[string]hash.Hash{}, values: map[string]string{}}
	for name := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		t.announced = append(t.announced, name)
		if kind, ok := strings.CutPrefix(name, checksumPrefix); ok {
			if sum, ok := newChecksum(kind); ok {
				t.sums[name] = sum
			}
		}
	}
	return t
}

func (t *trailer) data(p []byte) {
	for _, sum := range t.sums {
		sum.Write(p)
	}
}

func (t *trailer) add(line string) error {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.ToLower(name), strings.TrimSpace(value)
	switch {
	case !ok:
		return fail(BadChunk, "the trailer %.80q is not name:value", line)
	case name == "x-amz-trailer-signature":
		t.signature = value
		return nil
	case t.signature != "":
		return fail(BadChunk, "the trailer %.80q stands behind the trailer's signature", line)
	case !slices.Contains(t.announced, name):
		return fail(BadChunk, "the trailer %.80q was not announced in x-amz-trailer (%q)", name, t.announced)
	case t.values[name] != "":
		return fail(BadChunk, "the trailer %.80q comes twice", name)
	}
	t.values[name] = value
	t.canonical += name + ":" + value + "\n"
	return nil
}

// check compares what was announced with what came, and the checksums with the data's.
func (t *trailer) check() error {
	for _, name := range t.announced {
		value, sum := t.values[name], t.sums[name]
		switch {
		case value == "":
			return fail(BadChunk, "x-amz-trailer announces %q, and it did not come", name)
		case sum == nil && strings.HasPrefix(name, checksumPrefix):
			return fail(BadDigest, "the checksum %q is unknown", name)
		case sum == nil:
			continue
		}
		if want := base64.StdEncoding.EncodeToString(sum.Sum(nil)); value != want {
			return fail(BadDigest, "%s is %.100q in the trailer, but %q of the data", name, value, want)
		}
	}
	return nil
}
