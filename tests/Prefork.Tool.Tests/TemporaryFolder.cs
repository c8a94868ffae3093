namespace Prefork.Tool.Tests;

/// <summary>A folder of a test's own, which goes with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("prefork-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
