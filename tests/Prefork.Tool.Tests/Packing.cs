namespace Prefork.Tool.Tests;

/// <summary>The package is a .NET tool that works where it is installed.</summary>
public class Packing
{
    [Fact]
    public async Task TheTool_IsInstalledFromItsPackage_AndRuns()
    {
        var folder = Directory.CreateTempSubdirectory("prefork-test-").FullName;
        try
        {
            await Published.DotnetAsync("pack", "src/Prefork.Tool", "-c", "Release", "-o", folder, "--nologo", "-v", "quiet");
            await Published.DotnetAsync("tool", "install", "Prefork.Tool", "--tool-path", Path.Combine(folder, "bin"), "--add-source", folder, "--version", "0.1.0", "--no-cache");
            await using var run = new TestProgram(Path.Combine(folder, "bin/prefork"), ["run", Published.Assembly, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
            await run.ExpectErrorAsync("prefork: listening on ");
            run.Signal(Native.SigTerm);
            Assert.Equal(0, await run.WaitForExitAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
