#!/bin/sh
# Writes Sources/HifAPI/Generated from proto/. The two plugins come from the packages that
# Package.swift names, so their versions match the library's. `make proto` calls this.
set -eu
cd "$(dirname "$0")/.."
scratch="${SCRATCH:-.build}"
out=Sources/HifAPI/Generated
swift build --scratch-path "$scratch" --product protoc-gen-swift
swift build --scratch-path "$scratch" --product protoc-gen-grpc-swift-2
bin="$(swift build --scratch-path "$scratch" --show-bin-path)"
rm -rf "$out"
mkdir -p "$out"
protoc -Iproto \
    --plugin="$bin/protoc-gen-swift" \
    --plugin="$bin/protoc-gen-grpc-swift-2" \
    --swift_out="$out" --swift_opt=Visibility=Package,FileNaming=DropPath,UseAccessLevelOnImports=true \
    --grpc-swift-2_out="$out" \
    --grpc-swift-2_opt=Visibility=Package,FileNaming=DropPath,UseAccessLevelOnImports=true \
    proto/micelio/v1/*.proto
# A file without a service gets an empty one for gRPC.
for file in "$out"/*.grpc.swift; do
    grep -q '^package ' "$file" || rm "$file"
done
