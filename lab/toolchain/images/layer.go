package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// Entry is one thing that a layer holds: exactly one of Source, Content, Link and Directory says what.
type Entry struct {
	// Path inside the image, absolute.
	Path string `json:"path"`
	// Source is a file, link or folder of this machine; a folder comes with all that it holds.
	Source string `json:"source,omitempty"`
	// Content of a file.
	Content *string `json:"content,omitempty"`
	// Link is the target of a symbolic link.
	Link string `json:"link,omitempty"`
	// Directory makes an empty folder. Parents of files need no entry: whoever unpacks makes them.
	Directory bool `json:"directory,omitempty"`
	// Mode, Unix permissions as a decimal number; the source's, 0644 or 0755 if it is 0.
	Mode int64 `json:"mode,omitempty"`
	// Owner of a directory, both user and group; root if it is 0.
	Owner int `json:"owner,omitempty"`
	// BindsLowPorts gives a program the file capability that `setcap cap_net_bind_service=+ep` gives.
	BindsLowPorts bool `json:"bindsLowPorts,omitempty"`
}

// layerRecord is what a written layer's folder says of its blob.
type layerRecord struct {
	Digest    v1.Hash         `json:"digest"`
	DiffID    v1.Hash         `json:"diffId"`
	Size      int64           `json:"size"`
	MediaType types.MediaType `json:"mediaType"`
}

// storedLayer is a layer in the cache: a folder with its record and its blob.
type storedLayer struct {
	record layerRecord
	blob   string
}

func (l storedLayer) Digest() (v1.Hash, error)            { return l.record.Digest, nil }
func (l storedLayer) DiffID() (v1.Hash, error)            { return l.record.DiffID, nil }
func (l storedLayer) Size() (int64, error)                { return l.record.Size, nil }
func (l storedLayer) MediaType() (types.MediaType, error) { return l.record.MediaType, nil }
func (l storedLayer) Compressed() (io.ReadCloser, error)  { return os.Open(l.blob) }
func (l storedLayer) Uncompressed() (io.ReadCloser, error) {
	return nil, fmt.Errorf("%s: only its compressed form is kept", l.blob)
}

// openLayer reads a layer that writeLayer wrote.
func openLayer(folder string) (storedLayer, error) {
	var record layerRecord
	content, err := os.ReadFile(filepath.Join(folder, "layer.json"))
	if err != nil {
		return storedLayer{}, err
	}
	if err := json.Unmarshal(content, &record); err != nil {
		return storedLayer{}, fmt.Errorf("%s: %w", folder, err)
	}
	return storedLayer{record, filepath.Join(folder, "blob")}, nil
}

// writeLayer packs entries into folder: the same entries give the same bytes, whoever owns the sources and whenever they
// were written.
func writeLayer(entries []Entry, folder string) (err error) {
	file, err := os.Create(filepath.Join(folder, "blob"))
	if err != nil {
		return err
	}
	defer file.Close()
	compressed, plain := sha256.New(), sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(file, compressed), 1<<20)
	// The fastest level: a node unpacks it once, over a network that is this machine's memory.
	encoder, err := zstd.NewWriter(buffered, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	if err != nil {
		return err
	}
	archive := tar.NewWriter(io.MultiWriter(encoder, plain))
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].Path < entries[j].Path })
	for _, entry := range entries {
		if err := addEntry(archive, entry); err != nil {
			return fmt.Errorf("%s: %w", entry.Path, err)
		}
	}
	for _, end := range []func() error{archive.Close, encoder.Close, buffered.Flush, file.Close} {
		if err := end(); err != nil {
			return err
		}
	}
	info, err := os.Stat(file.Name())
	if err != nil {
		return err
	}
	hash := func(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }
	record := layerRecord{hash(compressed.Sum(nil)), hash(plain.Sum(nil)), info.Size(), types.OCILayerZStd}
	content, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "layer.json"), content, 0o644)
}

// netBindService is struct vfs_cap_data of linux/capability.h: revision 2 with the effective flag, and bit 10 permitted.
const netBindService = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func attributes(entry Entry) map[string]string {
	if !entry.BindsLowPorts {
		return nil
	}
	return map[string]string{"SCHILY.xattr.security.capability": netBindService}
}

func addEntry(archive *tar.Writer, entry Entry) error {
	mode := func(usual int64) int64 {
		if entry.Mode != 0 {
			return entry.Mode
		}
		return usual
	}
	switch {
	case entry.Source != "":
		return addSource(archive, entry.Path, entry.Source, entry.Mode, attributes(entry))
	case entry.Content != nil:
		header := tar.Header{Typeflag: tar.TypeReg, Mode: mode(0o644), Size: int64(len(*entry.Content))}
		return add(archive, entry.Path, header, bytes.NewReader([]byte(*entry.Content)))
	case entry.Link != "":
		return add(archive, entry.Path, tar.Header{Typeflag: tar.TypeSymlink, Linkname: entry.Link, Mode: 0o777}, nil)
	case entry.Directory:
		return add(archive, entry.Path+"/", tar.Header{Typeflag: tar.TypeDir, Mode: mode(0o755), Uid: entry.Owner, Gid: entry.Owner}, nil)
	}
	return fmt.Errorf("has neither source, content, link nor directory")
}

// addSource adds a file, a link or a folder of this machine. Folders inside it get no entry of their own: an entry would
// replace a link of that name in a layer below, such as Debian's /lib.
func addSource(archive *tar.Writer, target, source string, mode int64, attributes map[string]string) error {
	return filepath.WalkDir(source, func(file string, item fs.DirEntry, err error) error {
		if err != nil || item.IsDir() {
			return err
		}
		relative, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		inImage := path.Join(target, filepath.ToSlash(relative))
		info, err := item.Info()
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(file)
			if err != nil {
				return err
			}
			return add(archive, inImage, tar.Header{Typeflag: tar.TypeSymlink, Linkname: link, Mode: 0o777}, nil)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: no file, link or folder", file)
		}
		opened, err := os.Open(file)
		if err != nil {
			return err
		}
		defer opened.Close()
		// Modules in Go's cache are read-only: an image's files are not.
		permissions := int64(info.Mode().Perm() | 0o200)
		if mode != 0 {
			permissions = mode
		}
		header := tar.Header{Typeflag: tar.TypeReg, Mode: permissions, Size: info.Size(), PAXRecords: attributes}
		return add(archive, inImage, header, opened)
	})
}

func add(archive *tar.Writer, name string, header tar.Header, content io.Reader) error {
	header.Name, header.ModTime, header.Format = name[1:], time.Unix(0, 0), tar.FormatPAX
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	if content == nil {
		return nil
	}
	_, err := io.Copy(archive, content)
	return err
}
