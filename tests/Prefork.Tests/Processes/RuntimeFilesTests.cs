using Prefork.Processes;

namespace Prefork.Tests.Processes;

public class RuntimeFilesTests
{
    [Theory]
    [InlineData("/var/tmp", null, "/var/tmp")]
    [InlineData("", null, "/tmp")]
    [InlineData("mine", "/srv/app", "/srv/app/mine")]
    public void TheFolder_IsThatOfTheWorker(string given, string? workingDirectory, string folder)
        => Assert.Equal(folder, RuntimeFiles.FolderOf(new Dictionary<string, string?> { ["TMPDIR"] = given }, workingDirectory));
}
