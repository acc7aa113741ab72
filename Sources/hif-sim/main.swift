import Glibc
import HifSimulator

let options = Options(CommandLine.arguments.dropFirst())
exit(await options.run())
