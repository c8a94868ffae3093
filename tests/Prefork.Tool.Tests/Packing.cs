using System.IO.Compression;

namespace Prefork.Tool.Tests;

/// <summary>The package is a .NET tool that works where it is installed.</summary>
public class Packing
{
    [Theory]
    [InlineData("Prefork")]
    [InlineData("Prefork.AspNetCore")]
    public async Task ALibrarysPackage_SaysWhatItIs(string package)
    {
        var folder = Directory.CreateTempSubdirectory("prefork-test-").FullName;
        try
        {
            await Published.DotnetAsync("pack", $"src/{package}", "-c", "Release", "--no-build", "-o", folder, "--nologo", "-v", "quiet");
            await HasReadMeAsync(Path.Combine(folder, $"{package}.0.1.0.nupkg"), package);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task TheTool_IsInstalledFromItsPackage_AndRuns()
    {
        var folder = Directory.CreateTempSubdirectory("prefork-test-").FullName;
        try
        {
            await Published.DotnetAsync("pack", "src/Prefork.Tool", "-c", "Release", "-o", folder, "--nologo", "-v", "quiet");
            await HasReadMeAsync(Path.Combine(folder, "Prefork.Tool.0.1.0.nupkg"), "Prefork.Tool");
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

    private static async Task HasReadMeAsync(string file, string title)
    {
        await using var package = await ZipFile.OpenReadAsync(file);
        using var specification = new StreamReader(await package.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync());
        Assert.Contains("<readme>README.md</readme>", await specification.ReadToEndAsync(), StringComparison.Ordinal);
        using var text = new StreamReader(await package.GetEntry("README.md")!.OpenAsync());
        Assert.Equal($"# {title}", await text.ReadLineAsync());
    }
}
