using System.Runtime.CompilerServices;

namespace Prefork.Tool.Tests;

/// <summary>The applications of these tests are among themselves: nobody's real ones are seen, or touched.</summary>
internal static class RuntimeFolders
{
    [ModuleInitializer]
    internal static void Isolate()
    {
        var folder = Directory.CreateTempSubdirectory("prefork-tool-");
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", folder.FullName);
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", folder.FullName);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
    }
}
