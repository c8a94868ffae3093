using Prefork.Processes;

namespace Prefork.Tests.Processes;

public class InspectorPortTests
{
    [Theory]
    [InlineData("", null, null)]
    [InlineData("--max-old-space-size=100", "--inspect-publish-uid=http", null)]
    [InlineData("--inspect", null, 9229)]
    [InlineData("--inspect-brk", null, 9229)]
    [InlineData("--inspect-wait=4000", null, 4000)]
    [InlineData("--inspect=4000", null, 4000)]
    [InlineData("--inspect-port 4000", null, 4000)]
    [InlineData("--debug-port 127.0.0.1:4000", null, 4000)]
    [InlineData("--debug-port=[::1]:4000", null, 4000)]
    [InlineData("--inspect_brk=localhost:4000", null, 4000)]
    [InlineData("--inspect=localhost", null, 9229)]
    [InlineData("--inspect 4000", null, 9229)]
    [InlineData("--inspect=0", null, 0)]
    [InlineData("--inspect=99999", null, 9229)]
    [InlineData("", "--inspect=127.0.0.1:24504", 24504)]
    [InlineData("--inspect", "--inspect=127.0.0.1:24504", 24504)]
    [InlineData("--inspect=5000", "--inspect=127.0.0.1:24504", 5000)]
    [InlineData("", "--trace-warnings  --inspect-port 24504", 24504)]
    [InlineData("", "\"--title=a --inspect=1\" \"--inspect=[::1]:24504\"", 24504)]
    public void Find_ReadsWhatNodeReads(string arguments, string? nodeOptions, int? port)
        => Assert.Equal(port, InspectorPort.Find(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), nodeOptions));

    [Theory]
    [InlineData(9229, 1, 9230)]
    [InlineData(24504, 2, 24506)]
    [InlineData(65535, 1, 1024)]
    [InlineData(65530, 64512 + 10, 1028)]
    [InlineData(0, 3, 0)]
    public void Add_CountsUp_AsNodeDoes(int port, int offset, int expected) => Assert.Equal(expected, InspectorPort.Add(port, offset));
}
