namespace Prefork.Tool.UnitTests;

/// <summary>What is said of a program before it starts.</summary>
public sealed class TargetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("prefork-test-").FullName;

    [Theory]
    [InlineData("3.0.0", "3.0")]
    [InlineData("7.0.20", "7.0")]
    public void AProgramForAnOlderRuntime_IsToldHowToRun(string version, string named)
    {
        var program = Program(version);
        var message = Assert.Throws<UnusableProgramException>(() => Inspect(program, [])).Message;
        Assert.Equal($"{program} is built for .NET {named}, and this prefork makes workers of programs on .NET 8 or later. Set DOTNET_ROLL_FORWARD=LatestMajor to run it on .NET 8 or later, or build it for that.", message);
    }

    /// <summary>By -e as by the environment: the worker is who needs it.</summary>
    [Fact]
    public void AProgramForAnOlderRuntime_ThatRollsForward_IsTaken()
        => Assert.Equal(TargetKind.Managed, Inspect(Program("3.0.0"), new() { ["DOTNET_ROLL_FORWARD"] = "LatestMajor" }).Kind);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Target Inspect(string program, Dictionary<string, string?> given)
    {
        var variables = new Dictionary<string, string?> { ["DOTNET_ROLL_FORWARD"] = null };
        foreach (var (name, value) in given)
        {
            variables[name] = value;
        }

        return Target.Inspect(program, null, variables);
    }

    /// <summary>This program, as if it was built for that.</summary>
    private string Program(string version)
    {
        var program = Path.Combine(_folder, "App.dll");
        File.Copy(typeof(TargetTests).Assembly.Location, program);
        File.WriteAllText(Path.ChangeExtension(program, ".runtimeconfig.json"), $$"""{ "runtimeOptions": { "framework": { "name": "Microsoft.NETCore.App", "version": "{{version}}" } } }""");
        return program;
    }
}
