import Foundation

let code = await Session(Options(CommandLine.arguments.dropFirst())).run()
exit(code)
