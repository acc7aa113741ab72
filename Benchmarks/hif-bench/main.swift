import Foundation

// hif beside git, as whole programs, on a generated repository. docs/benchmarks.md keeps the figures.

do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "profile" {
        try await Profile.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "rollups" {
        try await RollupBench.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "conflict" {
        try await ConflictBench.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "landing" {
        try await LandingWords.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "machine" {
        try MachineBench.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "size" {
        try await SizeBench.run(Array(arguments.dropFirst()))
        exit(0)
    }
    if arguments.first == "fill" {
        try await Fill.run(Array(arguments.dropFirst()))
        exit(0)
    }
    var options = try Options(arguments)
    options.directory = URL(fileURLWithPath: options.directory).standardizedFileURL.path
    guard options.keeps || !FileManager.default.fileExists(atPath: options.directory) else {
        throw Child.Failed(
            description: "\(options.directory) exists: name another --dir, or --keep")
    }
    let bench = Bench(options)
    defer {
        if !options.keeps { try? FileManager.default.removeItem(atPath: options.directory) }
    }
    try bench.run()
    print("\(options.files) files, \(options.commits) landings:\n\n\(Row.header)")
    for row in bench.rows { print(row.text) }
    for note in bench.notes { print("\n\(note)") }
} catch {
    FileHandle.standardError.write(Data("hif-bench: \(error)\n".utf8))
    exit(1)
}
