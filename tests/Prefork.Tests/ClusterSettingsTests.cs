namespace Prefork.Tests;

public class ClusterSettingsTests
{
    public static TheoryData<Action<ClusterSettings>> Cut() => new()
    {
        settings => settings.Arguments = ["one", "two\0three"],
        settings => settings.ExecArguments = ["\0"],
        settings => settings.Exec = "program\0",
        settings => settings.WorkingDirectory = "/tmp\0/folder",
    };

    [Theory]
    [MemberData(nameof(Cut))]
    public void Validate_ANulInWhatAProgramIsStartedWith_Throws(Action<ClusterSettings> set)
    {
        var settings = new ClusterSettings();
        settings.Validate();
        set(settings);
        Assert.Contains("NUL", Assert.ThrowsAny<ArgumentException>(settings.Validate).Message, StringComparison.Ordinal);
    }
}
