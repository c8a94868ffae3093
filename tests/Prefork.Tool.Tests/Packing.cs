using System.IO.Compression;
using System.Security.Cryptography;
using System.Xml.Linq;

namespace Prefork.Tool.Tests;

/// <summary>The packages say what they are, and the command's is a .NET tool that works where it is installed.</summary>
public class Packing
{
    private const string Address = "https://example.org/prefork";

    [Theory]
    [InlineData("Prefork")]
    [InlineData("Prefork.AspNetCore")]
    public async Task ALibrarysPackage_SaysWhatItIs(string package)
    {
        using var folder = new TemporaryFolder();
        await Published.DotnetAsync("pack", $"src/{package}", "-c", "Release", "--no-build", "-o", folder.Path, "--nologo", "-v", "quiet", $"-p:RepositoryUrl={Address}");
        await using var file = await OpenAsync(folder.Path, package);
        await SaysWhatItIsAsync(file, package);
        await using var symbols = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(folder.Path, "*.snupkg")));
        Assert.Equal(2, symbols.Entries.Count(entry => entry.Name == $"{package}.pdb"));
    }

    [Fact]
    public async Task TheTool_IsInstalledFromItsPackage_AndRuns()
    {
        using var folder = new TemporaryFolder();
        await Published.DotnetAsync("pack", "src/Prefork.Tool", "-c", "Release", "-o", folder.Path, "--nologo", "-v", "quiet");
        string version;
        await using (var file = await OpenAsync(folder.Path, "Prefork.Tool"))
        {
            // Its address would be in its assemblies, too, and they would be built anew beneath the tests that run them.
            version = await SaysWhatItIsAsync(file, "Prefork.Tool", hasAddress: false);
            await AssertNothingIsInItTwiceAsync(file);
        }

        await Published.DotnetAsync("tool", "install", "Prefork.Tool", "--tool-path", Path.Combine(folder.Path, "bin"), "--add-source", folder.Path, "--version", version, "--no-cache");
        await using var run = new TestProgram(Path.Combine(folder.Path, "bin/prefork"), ["run", Published.Assembly, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("prefork: listening on ");
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    private static Task<ZipArchive> OpenAsync(string folder, string package) => ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(folder, $"{package}.*.nupkg")));

    /// <summary>Its version.</summary>
    private static async Task<string> SaysWhatItIsAsync(ZipArchive package, string title, bool hasAddress = true)
    {
        await using var specification = await package.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync();
        var metadata = (await XDocument.LoadAsync(specification, LoadOptions.None, CancellationToken.None)).Root!.Elements().Single();
        string Of(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal("README.md", Of("readme"));
        if (hasAddress)
        {
            Assert.Equal(Address, Of("projectUrl"));
            Assert.StartsWith(Address, Of("releaseNotes"), StringComparison.Ordinal);
        }

        Assert.Contains("zero-downtime", Of("tags"), StringComparison.Ordinal);
        Assert.NotNull(package.GetEntry(Of("icon")));
        using var text = new StreamReader(await package.GetEntry("README.md")!.OpenAsync());
        Assert.Equal($"# {title}", await text.ReadLineAsync());
        return Of("version");
    }

    private static async Task AssertNothingIsInItTwiceAsync(ZipArchive package)
    {
        var seen = new Dictionary<string, string>();
        foreach (var entry in package.Entries.Where(static entry => entry.Length > 0))
        {
            await using var content = await entry.OpenAsync();
            var hash = Convert.ToHexString(await SHA256.HashDataAsync(content));
            Assert.True(seen.TryAdd(hash, entry.FullName), $"{entry.FullName} is the same as {seen[hash]}");
        }
    }
}
